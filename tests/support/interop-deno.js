// Answers each line of JSON on its standard input with one on its standard output. Deno's own file: no other engine reads it.
const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream());
let rest = '';
for await (const chunk of lines) {
  const [...whole] = (rest + chunk).split('\n');
  rest = whole.pop() ?? '';
  for (const line of whole) {
    const { name, args } = JSON.parse(line);
    const answer = await globalThis.interop[name](...args).then(
      (value) => ({ value }),
      (error) => ({ error: String(error) }),
    );
    console.log(JSON.stringify(answer));
  }
}
