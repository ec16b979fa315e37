export const indexes = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
