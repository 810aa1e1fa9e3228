// What each person has not seen yet. Kept for the session, so that a reload forgets nothing.

const NAME = "read-up-to";

/** Up to where each person has read each conversation; what came before the page was first opened counts as read. */
export class Reading {
  constructor() {
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    this.start = kept?.start ?? null;
    this.seen = new Map(kept?.seen ?? []);
  }

  /** Everything up to `now` (seconds) is read by everybody; later calls change nothing. */
  begin(now) {
    if (this.start !== null) return;
    this.start = now;
    this.keep();
  }

  /** This person looks at this conversation. */
  read(person, channel) {
    const last = channel.messages.at(-1)?.ts ?? "0";
    const name = `${person} ${channel.id}`;
    if ((this.seen.get(name) ?? "") >= last) return;
    this.seen.set(name, last);
    this.keep();
  }

  /**
   * {all, loud}: messages of others that came since, replies in threads left out; `loud` are those that are for this
   * person: direct messages, what only they see, and what mentions them or a group of theirs.
   */
  unread(snapshot, channel) {
    const { person } = snapshot;
    const seen = Math.max(Number(this.seen.get(`${person.id} ${channel.id}`) ?? 0), this.start ?? Infinity);
    const fresh = channel.messages.filter(
      (one) => Number(one.ts) > seen && one.user !== person.id && (!one.thread_ts || one.thread_ts === one.ts),
    );
    const direct = channel.kind === "im" || channel.kind === "mpim";
    return {
      all: fresh.length,
      loud: fresh.filter((one) => direct || one.ephemeral || mentions(one, snapshot)).length,
    };
  }

  keep() {
    sessionStorage.setItem(NAME, JSON.stringify({ start: this.start, seen: [...this.seen] }));
  }
}

function mentions(message, { person, groups }) {
  const told = JSON.stringify([message.text, message.blocks]);
  const mine = groups.filter((group) => group.users.includes(person.id)).map((group) => group.id);
  const signs = [
    `<@${person.id}`,
    `"user_id":"${person.id}"`,
    ...mine.flatMap((id) => [`<!subteam^${id}`, `"usergroup_id":"${id}"`]),
  ];
  return [...signs, "<!channel>", "<!here>", "<!everyone>", '"type":"broadcast"'].some((sign) => told.includes(sign));
}
