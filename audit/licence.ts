/** What a package says, or shows, of its licence. */

/** `license` as npm knows it today, and the two forms that old packages have. */
export function declaredLicence(manifest: Readonly<Record<string, unknown>>): string | undefined {
  const { license, licenses } = manifest
  if (Array.isArray(licenses) && license === undefined) {
    const all = licenses.map(nameOf).filter((one) => one !== undefined)
    return all.length === 0 ? undefined : all.join(' OR ')
  }
  return nameOf(license)
}

function nameOf(licence: unknown): string | undefined {
  const name =
    typeof licence === 'object' && licence !== null ? (licence as { type?: unknown }).type : licence
  return typeof name === 'string' && name.trim() !== '' ? name.trim() : undefined
}

export function isLicenceFile(name: string): boolean {
  return /^(un)?licen[cs]e|^copying/i.test(name)
}

/** A phrase that only this licence has, the more particular first. */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/Apache License,?\s+Version 2\.0/i, 'Apache-2.0'],
  [/Mozilla Public License,?\s+(Version|v\.)\s*2\.0/i, 'MPL-2.0'],
  [/GNU (Lesser|Library) General Public License/i, 'LGPL'],
  [/GNU Affero General Public License/i, 'AGPL'],
  [/GNU General Public License/i, 'GPL'],
  [/free and unencumbered software released into the public domain/i, 'Unlicense'],
  [/Permission is hereby granted, free of charge,/i, 'MIT'],
  [/Permission to use, copy, modify, and(\/or)? distribute this software/i, 'ISC'],
  [/Neither the name of/i, 'BSD-3-Clause'],
  [/Redistribution and use in source and binary forms/i, 'BSD-2-Clause'],
]

/** @returns undefined for a text that it does not know */
export function recognise(text: string): string | undefined {
  const flowing = text.replaceAll(/\s+/g, ' ')
  return PHRASES.find(([phrase]) => phrase.test(flowing))?.[1]
}
