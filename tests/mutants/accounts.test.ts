import { mutants, type Mutant } from '../support/mutant.ts';

/* Accounts and tokens without one of their checks each. */

const AUTH = 'supabase/local/auth';
const guessed = (sentence: string): Mutant['attack'] => ['tests/supabase/local/guessing.test.ts', sentence];
const recovered = (sentence: string): Mutant['attack'] => ['tests/edge/relay/recovery.test.ts', sentence];
const raised = (sentence: string): Mutant['attack'] => ['tests/supabase/local/second-factor.test.ts', sentence];

mutants('accounts and tokens', [
  {
    check: 'wrong passwords are counted by account',
    file: `${AUTH}/password-guard.ts`,
    without: '      wrong.take(key);',
    attack: guessed('many addresses do not help against one password'),
  },
  {
    check: 'a sign-in under way does not outlive a change of the password',
    file: `${AUTH}/accounts.ts`,
    without: '    if (still.length === 0) throw badCredentials();',
    attack: [
      'tests/supabase/local/accounts.test.ts',
      'a sign-in with the old password, under way while it is changed, opens nothing',
    ],
  },
  {
    check: 'an address the owner uses has a count of its own',
    file: `${AUTH}/password-guard.ts`,
    without: 'known.length > 0 ? `${account} ${address}` : account',
    instead: 'account',
    attack: guessed('guessing passwords does not lock the owner out where the account is used'),
  },
  {
    check: 'a session with the factor, or from the desk, is locked by its own wrong codes only',
    file: `${AUTH}/factor-verify.ts`,
    without: "secondFactor || atDesk !== undefined ? { of: 'sessions', id: sessionId } : { of",
    instead: '{ of',
    attack: guessed('who stole the password cannot keep the owner out by guessing second factors'),
  },
  {
    check: 'five wrong codes lock',
    file: `${AUTH}/factor-verify.ts`,
    without: 'if (lockedFor > 0) return factorLocked(Math.ceil(lockedFor / 1000));',
    attack: guessed('a session with the factor is locked by its own wrong codes too'),
  },
  {
    check: 'a code is good once',
    file: `${AUTH}/factor-verify.ts`,
    without: 'step === undefined || step <= factor.last_step',
    instead: 'step === undefined',
    attack: guessed('a code that was used, or one of another minute, opens nothing'),
  },
  {
    check: 'a change of the account takes a fresh code',
    file: `${AUTH}/guards.ts`,
    without: 'secondFactor && factorAt(claims.amr) >= clock() / 1000 - fresh',
    instead: 'secondFactor',
    attack: guessed('an open session changes neither password nor e-mail nor factor without a fresh code'),
  },
  {
    check: 'a token from before the second factor does not rise with its session',
    file: `${AUTH}/guards.ts`,
    without: "row.aal === 'aal2' && claims.aal === 'aal2'",
    instead: "row.aal === 'aal2'",
    attack: raised('an access token from before does not rise with its session'),
  },
  {
    check: 'refresh tokens from before the second factor are refused',
    file: `${AUTH}/factor-verify.ts`,
    without: 'x_refresh_floor = refresh_token_counter + 1,',
    attack: raised('raising a session makes its older refresh tokens worthless and ends the sessions without it'),
  },
  {
    check: 'the code at the desk stays while it is good',
    file: `${AUTH}/one-time-token.ts`,
    without: 'on conflict (user_id, token_type) do nothing',
    instead: 'on conflict (user_id, token_type) do update set id = gen_random_uuid()',
    attack: guessed('who asks for the code at the desk in the place of its owner does not take it away'),
  },
  {
    check: "the addresses of desktops' accounts are the relay's to give",
    file: `${AUTH}/email.ts`,
    without: '  if (normal.endsWith(machines)) throw emailNotAllowed();',
    attack: guessed("nobody signs up under, or moves to, the address of a desktop's account"),
  },
  {
    check: 'a refresh token used again later ends the session',
    file: `${AUTH}/refresh.ts`,
    without: 'return replacedAt === undefined || now - replacedAt > reuseWindowMs;',
    instead: 'return false;',
    attack: [
      'tests/supabase/local/refresh.test.ts',
      'a copied refresh token, used ten seconds after its owner went on, ends the session for both',
    ],
  },
  {
    check: 'the old password is worthless before the old factor is gone',
    file: 'edge/relay/recovery.ts',
    without: '      await accounts.renew(user, { password, token: tokenIn(c) });',
    attack: recovered('who waits with the old password is out before the account is without a factor'),
  },
  {
    check: 'new recovery codes take a fresh code of the authenticator',
    file: 'edge/relay/recovery-routes.ts',
    without: 'asFreshOwner(deps), asLivePerson',
    instead: 'asOwner(deps), asLivePerson',
    attack: recovered('with a session left open makes no new codes: that takes the authenticator'),
  },
  {
    check: 'recovery takes a session that is not over',
    file: 'edge/relay/guards.ts',
    without: '    await deps.accounts.checkLive(tokenIn(c));',
    attack: recovered('who copied a token gets nowhere with it once the owner has ended its session'),
  },
  {
    check: 'stand-ins are given for the secret key only',
    file: 'edge/relay/recovery.ts',
    without: "  if (!(await isSame(tokenIn(c), deps.settings.secretKey))) throw new Refusal('auth.forbidden');",
    attack: recovered('nobody gets a stand-in without the secret key'),
  },
  {
    check: 'a desktop is no person',
    file: 'edge/relay/guards.ts',
    without: "  if (caller.role !== 'owner') throw new Refusal('auth.forbidden');",
    attack: recovered('with the account of a desktop has no recovery'),
  },
  {
    check: 'recovery codes are counted by address, not by account',
    file: 'edge/relay/recovery.ts',
    without: 'recovery:${addressGroup(clientIp(c.req.raw))}',
    instead: 'recovery',
    attack: recovered('who floods the codes from one address does not lock the owner out at another'),
  },
]);
