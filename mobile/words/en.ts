import type { Reach } from '../state/reach.ts';
import type { TaskStanding } from '../state/view.ts';
import { account } from './en-account.ts';
import { faults, unsent } from './en-faults.ts';

const parked: Record<Extract<TaskStanding, { is: 'parked' }>['why'], string> = {
  'lid-closed': 'Paused: the lid is closed. Goes on when it is opened.',
  idle: 'Paused: the desktop shut down because nobody used it. Goes on when it is used again.',
  asleep: 'Paused: the desktop is asleep. Goes on when it wakes.',
  'stopped-by-owner': 'Paused: stopped at the desk. Goes on when it is started there.',
  restarted: 'Paused: the agent is starting again.',
  'ask-expired': 'Paused: the question was not answered in time.',
  'model-unavailable': 'Paused: the model does not answer just now. Tried again by itself.',
  'disk-full': 'Paused: the disk of the desktop is full. Goes on by itself when there is room on it.',
  other: 'Paused by the desktop. Reload the app to update it: it will say why.',
};

const fates: Record<Extract<TaskStanding, { is: 'ended' }>['fate'], string> = {
  done: 'Done',
  failed: 'Failed',
  refused: 'Refused',
  cancelled: 'Cancelled',
  expired: 'Expired: it came too late',
  unknown: 'Outcome unknown: look at the desktop',
};

const plain: Record<Exclude<TaskStanding['is'], 'parked' | 'ended'>, (desktop: string) => string> = {
  here: () => 'On this phone, not sent yet',
  relay: (desktop) => `At the relay, waits for ${desktop}`,
  unsent: () => 'Not sent',
  withdrawn: () => 'Withdrawn',
  received: (desktop) => `Fetched by ${desktop}`,
  queued: (desktop) => `Queued on ${desktop}`,
  running: (desktop) => `Working on ${desktop}`,
  waiting: () => 'Waits for your answer',
};

function standing(at: TaskStanding, desktop: string, time: (ms: number) => string): string {
  if (at.is === 'parked') {
    return at.why === 'model-unavailable' && at.until !== undefined
      ? `Paused: the model does not answer just now. Tried again at ${time(at.until)}.`
      : parked[at.why];
  }
  return at.is === 'ended' ? fates[at.fate] : plain[at.is](desktop);
}

function reach(at: Reach, time: (ms: number) => string): string {
  switch (at.is) {
    case 'here':
      return at.busy ? 'Working' : 'Ready';
    case 'lid-closed':
      return `Lid closed since ${time(at.since)}`;
    case 'shut-down-by-idle':
      return `Shut down by idle at ${time(at.since)}`;
    case 'asleep':
      return `Asleep since ${time(at.since)}`;
    case 'stopped-by-owner':
      return `Stopped at the desk at ${time(at.since)}`;
    case 'dropped':
      return `Dropped this phone at ${time(at.since)}`;
    case 'quiet':
      return `Last seen ${time(at.since)}`;
    case 'never':
      return 'Not seen yet';
  }
}

/** Every word on the phone's screens. Another language has the same shape. */
export const en = {
  app: 'Errand',
  account,
  faults,
  unsent,
  standing,
  reach,
  common: {
    back: 'Back',
    cancel: 'Cancel',
    save: 'Save',
    copy: 'Copy key',
    copied: 'Copied',
    loading: 'Loading',
    retry: 'Try again',
  },
  welcome: {
    title: 'Send your desktop on errands',
    lead: 'Write a task here. Your own computer carries it out and tells you when it is done. What you write is sealed on this phone and opened only there.',
    linked: 'The link to your desktop is kept. First your account.',
    email: 'E-mail',
    password: 'Password',
    passwordHint: 'At least 10 characters',
    signUp: 'Create account',
    signIn: 'Sign in',
    toSignIn: 'I have an account',
    toSignUp: 'I am new here',
  },
  enrol: {
    title: 'Protect your account',
    lead: 'A password alone must not command your computer. Add Errand to an authenticator app, then enter the six digits it shows.',
    open: 'Open in authenticator',
    picture: 'QR code for an authenticator on another device',
    other: 'Authenticator on another device?',
    key: 'Key',
    code: 'Six-digit code',
    done: 'Confirm',
  },
  factor: {
    title: 'Second factor',
    lead: 'Enter the six digits that your authenticator shows for Errand.',
    done: 'Continue',
    otherAccount: 'Use another account',
  },
  install: {
    title: 'First, put Errand on your home screen',
    lead: 'Your keys are kept inside the installed app. Installed later, it would start empty.',
    steps: [
      'Tap the share button of Safari.',
      'Choose “Add to Home Screen”.',
      'Open Errand from there and type the code of your desktop: the 20 letters and digits at the end of its link.',
    ],
    stay: 'Continue in the browser',
  },
  pair: {
    title: 'Connect a desktop',
    lead: 'On the desktop run',
    command: 'errand pair',
    lost: 'This phone lost its keys. Connect your desktop anew; if it asks there whether this phone reads older errands, let it (key h), and they come back.',
    scan: 'and scan the picture it shows, or type its code here.',
    scanner: 'Scan the picture',
    scannerOff: 'Stop the camera',
    picture: 'What the camera sees',
    aim: 'Hold the picture of your desktop in the frame.',
    foreign: 'That is not an Errand code. Scan the picture that your desktop shows.',
    camera: {
      refused:
        'The camera is not allowed here. Allow it for this address in the settings of the browser, or type the code.',
      none: 'There is no camera here. Type the code instead.',
      busy: 'The camera does not start; another app may be using it. Close that app and try again, or type the code.',
      insecure: 'The camera works over https only. Open the app at its https address, or type the code.',
    },
    code: 'Pairing code',
    connect: 'Connect',
    looking: 'Looking for your desktop…',
    compare: (desktop: string) => `${desktop} shows six digits`,
    compareLead: 'They must be these. If they are, allow this phone there: in its terminal, press the key a.',
    digits: 'Digits to compare',
    waiting: (desktop: string) => `Waiting for ${desktop} to allow it`,
    paired: (desktop: string) => `Connected to ${desktop}`,
    start: 'Send the first task',
  },
  threads: {
    title: 'Errands',
    empty: 'Nothing sent yet',
    emptyLead: 'Write what your desktop should do, with the folders and files it is about.',
    sample: 'Try a sample',
    sampleText: 'Summarise the PDFs in ~/Errand/sample into ~/Errand/summary.docx',
    list: 'Your errands',
  },
  composer: {
    label: 'What should your desktop do?',
    placeholder: 'What should your desktop do?',
    follow: 'What next?',
    send: 'Send',
    desktop: 'Desktop',
    attach: 'Attach a photo or file',
    attached: (name: string, size: string) => `${name}, ${size}`,
    detach: (name: string) => `Remove ${name}`,
    scripts: 'Run a script',
    noScript: 'No script: write a task',
    grants: 'What it may touch',
    addGrant: 'Add a path',
    editGrant: (label: string) => `Change: ${label}`,
    dropGrant: (label: string) => `Remove: ${label}`,
    read: (path: string) => `Read ${path}`,
    write: (path: string) => `Write ${path}`,
    replace: (path: string) => `Write or replace ${path}`,
    script: (name: string) => `Run ${name}`,
    path: 'Folder or file',
    mayRead: 'Read',
    mayWrite: 'Write',
    mayReplace: 'May replace an existing file',
    tooLong: (over: number) => `${over} characters too long`,
  },
  thread: {
    waiting: (desktop: string, when: string) => `Waiting for ${desktop}: last seen ${when}`,
    waitingNever: (desktop: string) => `Waiting for ${desktop}: not seen yet`,
    waitingWhy: (desktop: string, why: string) => `Waiting for ${desktop}: ${why}`,
    from: (name: string) => `From ${name}`,
    held: 'No connection. It goes as soon as there is one.',
    neverFetched: (desktop: string) => `${desktop} did not fetch it within eight days.`,
    withdraw: 'Withdraw',
    again: 'Send again',
    cancel: 'Cancel task',
    cancelling: 'Cancelling…',
    plan: 'Plan',
    steps: 'Steps',
    step: { started: 'under way', done: 'done', failed: 'failed', refused: 'refused' },
    result: 'Result',
    by: (who: string) => `by ${who}`,
    untrusted: 'It read files that others wrote: check before you rely on it.',
    open: 'Open',
    download: 'Save',
    openNamed: (name: string) => `Open ${name}`,
    downloadNamed: (name: string) => `Save ${name}`,
    preview: 'Preview',
    gap: 'Some of what happened has not arrived. It was asked for again.',
    altered: 'The record of this task does not hold together: something on the way changed or left out a message.',
    newer: 'The desktop said something this version cannot show. Reload the app to update it.',
    successor: (name: string) =>
      `Another desktop called ${name} has been connected since. If this one was set up anew, it does not answer here any more: new errands go to the other.`,
    gone: (name: string | undefined) =>
      name === undefined
        ? 'The desktop of this errand is not connected to this phone any more.'
        : `The desktop of this errand is not connected to this phone any more. New errands go to ${name}.`,
    notFound: 'This errand is not on this phone',
    live: 'Writing',
    files: 'Attached',
  },
  ask: {
    title: 'May it do this?',
    high: 'Look closely: this cannot be taken back.',
    allow: 'Allow once',
    deny: 'Deny',
    unreadable: 'This version cannot show what is asked, so it cannot be allowed here. Reload the app to update it.',
    sentYes: 'You allowed it once',
    sentNo: 'You denied it',
    answered: (by: string, ok: boolean) => `${ok ? 'Allowed' : 'Denied'} by ${by}`,
    expired: 'Not answered in time',
    unanswered: 'Not answered',
    until: (time: string) => `Answer until ${time}`,
    read: 'Read the file',
    create: 'Create the file',
    replace: 'Replace the file',
    script: 'Run the script',
    repeat: 'Do again, although it may have been done already',
    path: 'Path',
    before: 'Now',
    after: 'Afterwards',
    command: 'Command',
    folder: 'Folder',
    hash: 'Fingerprint',
    tool: 'Tool',
    about: 'About',
  },
  devices: {
    title: 'Devices',
    desktops: 'Desktops',
    others: 'Other devices',
    thisPhone: 'this phone',
    lid: 'Stop when the lid closes',
    idle: 'Stop when nobody uses it',
    minutes: 'Minutes without use',
    notAllowed: 'Switches can be changed at the desk only.',
    asked: 'Sent, waits for the desktop',
    dropped: 'It takes no errands from this phone any more. To use it again, connect it anew.',
    untrusted: 'Waits for the desktop to greet this phone',
    model: (name: string) => `Model: ${name}`,
    revoke: 'Revoke',
    revokeNamed: (name: string) => `Revoke ${name}`,
    revokeSure: (name: string) => `Revoke ${name}? It cannot send or receive any more.`,
    add: 'Connect a desktop',
    notify: 'Notifications',
    notifyOn: 'On: you are told when an errand is done, fails or has a question.',
    notifyOff: 'Off',
    notifyDenied: 'Blocked in the settings of this browser.',
    notifyNone: 'This browser has none, or only for the installed app.',
    notifyFailed: 'The push service of this browser did not answer.',
    notifyTurnOn: 'Turn on',
    seen: (when: string) => `Last seen ${when}`,
    phone: 'Phone',
    desktop: 'Desktop',
  },
  settings: {
    title: 'Settings',
    account: 'Account',
    signOut: 'Sign out',
    signOutLead: 'This phone only. Its keys and errands stay for the next sign-in.',
    forget: 'Forget everything on this phone',
    forgetSure: 'Forget keys and errands? Desktops must be connected again.',
    thisPhone: 'This phone',
    key: 'Key fingerprint',
  },
  line: {
    unreached: 'No connection. What you send waits on this phone.',
    dropped: (desktop: string) =>
      `${desktop} no longer takes errands from this phone. To use it again, connect it anew: Devices, “Connect a desktop”.`,
  },
  update: {
    done: 'Errand was updated. Reload. Your words, and what was not sent yet, stay.',
    missing: 'This part of Errand did not load: it was updated, or there is no connection. Reload when there is one.',
    reload: 'Reload',
  },
  push: { generic: 'Something new on your desktop' },
};

export type Words = typeof en;
