/** A class whose instances tell when decoding runs what it must not: its constructor, its setter. */
export class Money {
  readonly amount: number
  readonly currency: string

  constructor(amount: number, currency: string) {
    if (typeof amount !== 'number') throw new Error('the constructor ran')
    this.amount = amount
    this.currency = currency
  }

  get isDebt(): boolean {
    return this.amount < 0
  }

  set total(value: number) {
    throw new Error(`a setter ran with ${value}`)
  }
}
