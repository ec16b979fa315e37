// What the charts use of Vega. Declared here because its own types are installed with the benchmarks only, while
// `npm run typecheck` reads these files without.
declare module 'vega' {
  export interface Runtime {
    readonly runtime: never
  }
  export function parse(spec: object): Runtime
  export class View {
    constructor(runtime: Runtime, options: { readonly renderer: 'none' })
    toSVG(): Promise<string>
  }
}

declare module 'vega-lite' {
  export function compile(spec: object): { readonly spec: object }
}
