/** A run cannot go on as a run should. */
export class Trouble extends Error {
  override readonly name: string = 'Trouble'
}
