/** What `ai-workflows/testing` gives. */
export { VirtualClock } from './virtual-clock.ts'
export { storeCases, type MakeStore, type StoreCase, type StorePlace } from './store-suite.ts'
