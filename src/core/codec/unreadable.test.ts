import { describe, expect, test } from 'vitest'
import { SerializationError } from '../errors.ts'
import { createCodec } from './codec.ts'

class Money {
  set total(value: number) {
    throw new Error(`a setter ran with ${value}`)
  }
}

const codec = createCodec([Money])

function unreadable(encoded: string): SerializationError {
  try {
    codec.decode(encoded)
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(SerializationError)
    return thrown as SerializationError
  }
  throw new Error('the text was accepted')
}

describe('D7: unreadable texts', () => {
  test('a format of the future', () => {
    const error = unreadable('z{"a":1}')
    expect(error.message).toMatch(/format "z".*newer version/)
    expect(error.stack).toContain('Cannot read a stored value')
    expect(error.stack).not.toContain('Cannot store')
  })

  test.each([
    '',
    'j',
    'j{',
    'jundefined',
    'g',
    'g{}',
    'g[]',
    'gnull',
    'g[{}]',
    'g[[1]]',
    'g[[0]]',
    'g[[-1],{}]',
    'g[[0.5],{}]',
    'g[["__proto__"]]',
    'g[["1.5n"]]',
    'g[[null]]',
    'g[[1],5]',
    'g[[1],null]',
    'g[[1],"x"]',
    'g[[1],[]]',
    'g[[1],{"a":{"b":1}}]',
    'g[[1],["constructor"]]',
    'g[[1],["__proto__",""]]',
    'g[[1],["Blob",""]]',
    'g[[1],["class","constructor",{}]]',
    'g[[1],["class"]]',
    'g[[1],["bare",[]]]',
    'g[[1],["array",-1,{}]]',
    'g[[1],["array",1e10,{}]]',
    'g[[1],["RegExp","(","g",0]]',
    'g[[1],["RegExp","a","gg",0]]',
    'g[[1],["URL","nonsense"]]',
    'g[[1],["Float64Array","AAAA"]]',
    'g[[1],["Error"]]',
    'g[[1],["Error","Error",{"message":[9]},{}]]',
    'g[[1],["Map",[7],1]]',
  ])('%s', (text) => {
    expect(unreadable(text).message).toMatch(/^Cannot read a stored value: /)
  })

  test('hostile texts pollute nothing', () => {
    const hostile = [
      'j{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
      'g[[1],{"__proto__":[2]},{"polluted":1}]',
      'g[[1],["bare",{"__proto__":[2]}],{"polluted":1}]',
      'g[[1],["class","Money",{"__proto__":[2],"total":1}],{"polluted":1}]',
      'g[[1],["array",0,{"__proto__":[2],"constructor":[2]}],{"polluted":1}]',
      'g[[1],["Error","Error",{"__proto__":[2],"constructor":[2]},{"__proto__":[2]}],{"polluted":1}]',
      'g[[1],["Error","DOMException",{"__proto__":[2]},{"__proto__":[2]}],{"polluted":1}]',
      'g[[1],["Error","__proto__",{},{}]]',
      'g[[1],["Error","constructor",{},{"prototype":[2]}],{"polluted":1}]',
    ]
    const before = JSON.stringify(Object.getOwnPropertyNames(Object.prototype))
    for (const text of hostile) expect(() => codec.decode(text)).not.toThrow()
    expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype))).toBe(before)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const error = codec.decode(hostile[5] ?? '') as object
    expect(Object.getPrototypeOf(error)).toBe(Error.prototype)
  })
})
