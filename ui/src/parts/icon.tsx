/** Sixteen-unit line drawings; what they mean is said by the text beside them. */
const PATHS = {
  sun: 'M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6ZM8 1v1.6M8 13.4V15M1 8h1.6M13.4 8H15M3.05 3.05l1.1 1.1M11.85 11.85l1.1 1.1M3.05 12.95l1.1-1.1M11.85 4.15l1.1-1.1',
  moon: 'M13.5 9.6A5.8 5.8 0 0 1 6.4 2.5a5.8 5.8 0 1 0 7.1 7.1Z',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3 14 14',
  play: 'M5 3.2v9.6L12.8 8 5 3.2Z',
  stop: 'M4 4h8v8H4z',
  retry: 'M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3',
  bolt: 'M9 1.8 3.5 9H8l-1 5.2L12.5 7H8l1-5.2Z',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.5 3v10M13.5 3v10M5 8h6M5 8l1.8-1.8M5 8l1.8 1.8M11 8 9.2 6.2M11 8 9.2 9.8',
  chevron: 'M6 3.5 10.5 8 6 12.5',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3.5 8.5 6.5 11.5 12.5 4.8',
  cross: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  pause: 'M5.5 4v8M10.5 4v8',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2ZM8 4.8V8l2.2 1.6',
  slash: 'M8 2.2a5.8 5.8 0 1 1 0 11.6A5.8 5.8 0 0 1 8 2.2ZM4 12 12 4',
  warning: 'M8 2.2 14.4 13.4H1.6L8 2.2ZM8 6.4v3.2M8 11.4v.2',
  bulb: 'M6 13.6h4M5.6 9.9A4.2 4.2 0 1 1 10.4 9.9c-.5.4-.7 1-.7 1.6H6.3c0-.6-.2-1.2-.7-1.6Z',
  logo: 'M2 3.5h6M5 8h9M4 12.5h5.5',
} as const

export type IconName = keyof typeof PATHS

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
