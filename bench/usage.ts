/** The most memory the process has had, as the operating system counts it. */
export const peakMegabytes = (): number => process.resourceUsage().maxRSS / 1024
