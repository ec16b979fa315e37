/** The only source of randomness outside a run (ids of runs, seeds). Inside a run everything follows from its seed (D6). */
export interface Random {
  /** A fresh unguessable id, 36 characters. */
  uuid(): string
}
