/** What the director and its workers say to each other. */
import type { Block } from './program.ts'

export interface Root {
  readonly id: string
  readonly body: Block
}

/** When a worker is to kill itself: the moment it has come to such a place so often. */
export interface Death {
  readonly moment: 'execute' | 'begin' | 'effect' | 'saw'
  readonly count: number
}

export type Order =
  | {
      readonly say: 'play'
      readonly dir: string
      readonly durability: 'full' | 'process-crash'
      /** Runs to start, if need be, and to wait for. */
      readonly roots: readonly Root[]
      readonly death: Death | undefined
    }
  | { readonly say: 'finish' }

export type Report =
  | { readonly say: 'ready' }
  | { readonly say: 'finished' }
  | { readonly say: 'problem'; readonly text: string }
