/** What we use of Node's Buffer, where there is one. */
interface BufferClass {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: 'base64'): string }
  from(text: string, encoding: 'base64'): Uint8Array<ArrayBuffer>
}

const NodeBuffer = (globalThis as { Buffer?: BufferClass }).Buffer

/** `btoa` takes one character per byte; so many at a time as arguments are safe. */
const CHUNK = 8192

/** Exactly the bytes that are seen through a view: a subarray does not drag its whole buffer along. */
export function toBase64(value: object): string {
  const view = ArrayBuffer.isView(value) ? value : overBuffer(value as ArrayBuffer)
  if (Object.prototype.toString.call(view.buffer) === '[object SharedArrayBuffer]') {
    throw new TypeError('it is a view of a SharedArrayBuffer; copy it first')
  }
  if (NodeBuffer !== undefined) {
    return NodeBuffer.from(view.buffer, view.byteOffset, view.byteLength).toString('base64')
  }
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  let binary = ''
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  }
  return btoa(binary)
}

/** Always a buffer of its own, never a slice of Node's pool. */
export function fromBase64(text: string): ArrayBuffer {
  if (NodeBuffer !== undefined) {
    const bytes = new Uint8Array(NodeBuffer.from(text, 'base64'))
    // It leaves out what is no base64.
    if (bytes.length !== lengthOf(text)) throw new TypeError('its base64 is damaged')
    return bytes.buffer
  }
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer
}

/** Asking for `byteLength` throws when it is not what its prototype says, or detached. */
function overBuffer(buffer: ArrayBuffer): Uint8Array {
  return new Uint8Array(buffer, 0, buffer.byteLength)
}

function lengthOf(base64: string): number {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0
  return (base64.length / 4) * 3 - padding
}
