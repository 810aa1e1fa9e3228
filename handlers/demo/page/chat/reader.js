// Who reads: names for ids, the zone and the time, made from one snapshot.

const HUES = 10; // colours of faces, see style/base.css

/**
 * `named(kind, id)` → {text, mine}: what stands for a user, group or channel (null when unknown), and whether it
 * means the reader. `mark` changes whenever any of this would draw something differently.
 */
export function readerOf(snapshot, today) {
  const people = new Map(snapshot.people.map((one, at) => [one.id, { ...one, hue: at % HUES }]));
  const groups = new Map(snapshot.groups.map((one) => [one.id, one]));
  const channels = new Map(snapshot.channels.map((one) => [one.id, one]));
  const me = snapshot.person.id;

  const kinds = {
    user: (id) => ({ text: people.has(id) ? `@${people.get(id).real_name}` : null, mine: id === me }),
    group: (id) => ({
      text: groups.has(id) ? `@${groups.get(id).handle}` : null,
      mine: groups.get(id)?.users.includes(me) ?? false,
    }),
    channel: (id) => ({ text: channels.get(id)?.name ? `#${channels.get(id).name}` : null, mine: false }),
  };

  return {
    me,
    zone: snapshot.person.tz,
    now: snapshot.now,
    people,
    groups,
    channels,
    named: (kind, id) => kinds[kind](id),
    personOf: (id) => people.get(id) ?? { id, name: id, real_name: id === "USLACKBOT" ? "Slackbot" : id, is_bot: true },
    mark: JSON.stringify([
      me,
      snapshot.people,
      snapshot.groups,
      snapshot.channels.map((one) => [one.id, one.name]),
      today,
    ]),
  };
}

/** The other side of a direct message: the person (or bot) who is not the reader. */
export function counterpart(channel, reader) {
  const other = channel.members.find((member) => member !== reader.me) ?? reader.me;
  return reader.personOf(other);
}

/** What a conversation is called: `#ops` without the sign, a person's name, or several names. */
export function titleOf(channel, reader) {
  if (channel.kind === "im") return counterpart(channel, reader).real_name;
  if (channel.kind === "mpim") {
    return channel.members
      .filter((id) => id !== reader.me)
      .map((id) => reader.personOf(id).real_name)
      .join(", ");
  }
  return channel.name;
}

/** The groups a person is in, by handle. */
export function handlesOf(person, snapshot) {
  return snapshot.groups.filter((group) => group.users.includes(person.id)).map((group) => group.handle);
}
