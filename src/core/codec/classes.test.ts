import { describe, expect, test } from 'vitest'
import { SerializationError } from '../errors.ts'
import { createCodec } from './codec.ts'
import { Money } from '../../../test/support/money.ts'

const codec = createCodec([Money])

describe('D7: registered classes', () => {
  test('come back as instances, without constructor or setters', () => {
    const money = new Money(-3, 'EUR')
    Object.defineProperty(money, 'total', { value: 1, enumerable: true })
    const back = (codec.decode(codec.encode({ money }, 'result')) as { money: Money }).money
    expect(back).toBeInstanceOf(Money)
    expect(back.isDebt).toBe(true)
    expect(Object.keys(back)).toEqual(['amount', 'currency', 'total'])
  })

  test('may refer to themselves and have private constructors', () => {
    class Tree {
      parent: Tree | undefined
      private constructor() {
        this.parent = this
      }
      static root(): Tree {
        return new Tree()
      }
    }
    const trees = createCodec([Tree])
    const tree = trees.decode(trees.encode(Tree.root(), 'result')) as Tree
    expect(tree).toBeInstanceOf(Tree)
    expect(tree.parent).toBe(tree)
  })

  test('a class that is not registered any more is named', () => {
    const encoded = codec.encode({ price: new Money(1, 'EUR') }, 'result')
    expect(() => createCodec().decode(encoded)).toThrow(SerializationError)
    expect(() => createCodec().decode(encoded)).toThrow(/class Money, which is not registered/)
  })

  test.each<[string, readonly unknown[], RegExp]>([
    ['twice the same', [Money, Money], /two named Money/],
    [
      'two of one name',
      [
        Money,
        {
          Money: class Money {
            readonly id = 1
          },
        }.Money,
      ],
      /two named Money/,
    ],
    [
      'an anonymous class',
      [
        class {
          readonly id = 1
        },
      ],
      /anonymous/,
    ],
    [
      'a builtin name',
      [
        {
          Date: class Date {
            readonly id = 1
          },
        }.Date,
      ],
      /Date is the name/,
    ],
    ['a builtin class', [Map], /Map is the name/],
    ['an error of the library', [SerializationError], /SerializationError is the name/],
    ['a class whose contents are internal', [class Registers extends Map {}], /Registers extends Map/],
    ['a subclass of a typed array', [class Bytes extends Uint8Array {}], /Bytes extends TypedArray/],
    ['an arrow function', [() => 1], /expected a class/],
    ['null', [null], /expected a class, got null/],
    ['a string', ['Money'], /expected a class, got string/],
  ])('refuses %s', (_name, classes, message) => {
    const create = (): unknown => createCodec(classes as never)
    expect(create).toThrow(TypeError)
    expect(create).toThrow(message)
  })
})
