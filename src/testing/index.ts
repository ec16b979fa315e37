/** What `ai-workflows/testing` gives. */
export { VirtualClock } from './virtual-clock.ts'
export { storeCases, type MakeStore, type StoreCase, type StorePlace } from './store-suite.ts'
export { engineCases, type EngineCase, type EnginePlace } from './engine-suite.ts'
export { advance, waitUntilIdle, type AdvanceOptions, type IdleEngine } from './idle.ts'
export { mockSteps, type MockedCall, type StepMocks, type StepTable } from './mock-steps.ts'
export {
  explore,
  type ExplorationReport,
  type ExploredLife,
  type ExploreOptions,
  type Outcome,
} from './explore/explore.ts'
export { ExplorationError } from './explore/exploration-error.ts'
export { failing } from './explore/failing.ts'
export type { Schedule } from './explore/chooser.ts'
