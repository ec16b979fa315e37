/** Graphs that need no recording: the two shapes of which the recorded ones are made, and a chain. Times vary. */
import type { Recording } from './graph.ts'

type Tasks = Recording['tasks'][number][]

/** Between 0.5 and 1.5, always the same. */
const varied = (index: number): number => 0.5 + ((index * 7) % 11) / 10

function chain(length: number): Recording {
  const tasks = Array.from({ length }, (_, index) => ({
    id: `link-${index}`,
    seconds: varied(index),
    needs: index === 0 ? [] : [`link-${index - 1}`],
  }))
  return { name: 'made up: chain', tasks }
}

/** One task, then many at once, then one that needs them all; several times. */
function waists(count: number, width: number): Recording {
  const tasks: Tasks = [{ id: 'waist-0', seconds: 1, needs: [] }]
  for (let round = 1; round <= count; round++) {
    const wide = Array.from({ length: width }, (_, index) => `wide-${round}-${index}`)
    for (const [index, id] of wide.entries())
      tasks.push({ id, seconds: varied(index), needs: [`waist-${round - 1}`] })
    tasks.push({ id: `waist-${round}`, seconds: 1, needs: wide })
  }
  return { name: 'made up: waists', tasks }
}

/** Layers in which each task needs two neighbours of the layer before. */
function lattice(layers: number, width: number): Recording {
  const tasks: Tasks = []
  for (let layer = 0; layer < layers; layer++)
    for (let index = 0; index < width; index++)
      tasks.push({
        id: `${layer}-${index}`,
        seconds: varied(layer * width + index),
        needs: layer === 0 ? [] : [`${layer - 1}-${index}`, `${layer - 1}-${(index + 1) % width}`],
      })
  return { name: 'made up: lattice', tasks }
}

export const madeUp: readonly Recording[] = [chain(40), waists(5, 30), lattice(12, 16)]
