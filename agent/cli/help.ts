import type { Command } from './command.ts';

const TEXT = `errand <command>                (here: npx bun run errand <command>)

  start                         everything: relay, app and agent, until Ctrl-C
  setup                         folders, model and key, when this computer sleeps
  pair                          allow another phone
  phone                         how a real phone reaches this computer
  do "..."                      an errand from the desk
  script add|list|run           commands you may run by name from the phone
  status                        what the agent does, and why
  devices, devices revoke NAME  the phones that may control this computer
  devices anew                  new keys, for a computer that lost its own
  up, stop, quit                start the agent in the background, stop it until "up", end everything
  up --relay URL --key KEY      use a relay elsewhere
  relay                         run only the relay, for a machine that is always on
  recover E-MAIL                at the relay: codes for who lost password or authenticator
  login                         register this computer with your account, without a phone
  send "..."                    this terminal as a phone

\`errand do\` and \`errand send\` wait for the result; \`--no-wait\` does not.`;

export const help: Command = async (desk) => {
  desk.say(TEXT);
  return 0;
};
