/** What the desktop will call this phone, until somebody names it. */
export function deviceName(userAgent: string): string {
  const known = [
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android.*?; ([^;)]+?)(?: Build|\))/, ''],
    [/Macintosh/, 'Browser on a Mac'],
    [/Windows/, 'Browser on Windows'],
    [/Linux/, 'Browser on Linux'],
  ] satisfies [RegExp, string][];
  for (const [pattern, name] of known) {
    const match = pattern.exec(userAgent);
    // Android browsers send "K" instead of the model.
    if (match) return name || (match[1] && match[1] !== 'K' ? match[1].slice(0, 64) : 'Android phone');
  }
  return 'Phone';
}
