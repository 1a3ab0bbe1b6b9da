import { mutants, type Mutant } from '../support/mutant.ts';

const STORE = 'mobile/link/mailbox-store.ts';
const HEARING = 'mobile/state/hearing.ts';
const FOLD = 'mobile/state/fold.ts';

const heard = (sentence: string): Mutant['attack'] => ['tests/mobile/mailbox-store.test.ts', sentence];
const folded = (sentence: string): Mutant['attack'] => ['tests/mobile/fold.test.ts', sentence];

mutants('a phone', [
  {
    check: 'an id is spent only by words that were taken',
    file: STORE,
    without: "takenSchema.safeParse(await tx.get('known', id)).success",
    instead: "(await tx.get('known', id)) !== undefined",
    attack: heard('a phone hears the true words although the relay gave it others under their id before'),
  },
  {
    check: 'an id that was spent stays so',
    file: STORE,
    without: 'if (!(await wasTaken(tx, id))) ',
    attack: heard('a phone takes nothing twice although the relay gave it other words under that id between'),
  },
  {
    check: 'a headline is of the desktop whose task it is about',
    file: HEARING,
    without: "'headline' && maySpeak(book, from.kid, body.t)",
    instead: "'headline'",
    attack: heard('what one desktop says about a task of another is not shown'),
  },
  {
    check: 'live words are of the desktop whose task they are about',
    file: HEARING,
    without: "'live' && maySpeak(book, from.kid, body.t)",
    instead: "'live'",
    attack: heard('what one desktop says about a task of another is not shown'),
  },
  {
    check: 'a push is of the desktop whose task it is about',
    file: 'mobile/link/keep.ts',
    without: 'row === undefined || taskRecordSchema.parse(row).desktop === desktop',
    instead: 'row === row',
    attack: heard('what one desktop says about a task of another is not shown'),
  },
  {
    check: 'an event names the one before it',
    file: FOLD,
    without: "    if (follows && prev !== (last?.hash ?? null)) chain = 'altered';",
    attack: folded('an event that does not follow from the one before is called altered'),
  },
  {
    check: 'no event is missing',
    file: FOLD,
    without: "    else if (chain === 'whole') chain = 'gap';",
    attack: folded('a missing event is called a gap, and what is asked for is what came before it'),
  },
]);
