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

/** Of the engines of one round. */
export interface Settings {
  readonly durability: 'full' | 'process-crash'
  /** Milliseconds. */
  readonly lease: number
  /** Milliseconds. */
  readonly parkAfter: number
  /** Of a worker: with few, children are executed elsewhere. */
  readonly concurrency: number
}

export type Order =
  | {
      readonly say: 'play'
      readonly dir: string
      readonly settings: Settings
      /** Runs to start, if need be. */
      readonly roots: readonly Root[]
      /** Whether it waits for their results, and takes up by itself what nobody executes. */
      readonly waits: boolean
      readonly works: boolean
      readonly death: Death | undefined
    }
  | { readonly say: 'finish' }

export type Report =
  | { readonly say: 'ready' }
  | { readonly say: 'finished' }
  | { readonly say: 'problem'; readonly text: string }
