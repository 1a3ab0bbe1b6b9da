import { type Action, thawAction } from '../../edge/protocol/ask.ts';

/** What the agent wants to do, in fixed words, from the very bytes that are answered. Throws on bytes that are no action. */
export async function actionWords(bytes: string): Promise<string> {
  const { action } = await thawAction(bytes);
  return visible(words(action.act));
}

function words(act: Action['act']): string {
  switch (act.sink) {
    case 'read':
      return `read ${act.path}`;
    case 'write':
      return `${act.before === null ? 'create' : 'replace'} ${act.path} (${act.after.size} bytes)`;
    case 'script':
      return `run the script "${act.name}": ${act.argv.join(' ')} (in ${act.cwd})`;
    case 'repeat':
      return `do again, though it may have happened already: ${act.tool}, ${act.about}`;
  }
}

/** Control, bidirectional and zero-width characters could make a path look like another one: they are shown by number. */
function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `<U+${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0').toUpperCase()}>`,
  );
}
