"""Actions that are well written and cannot be meant: parameters, templates, ways to run."""

from pathlib import Path

import pytest

from tests.handlers.configs import HERE, broken, marked, mistakes, read

NOTE = "      note:   {type: string, x-long: true}\n"
ORDER = '      order:  {type: string, pattern: "^ord_[a-z0-9]+$"}\n'
TITLE = '    title: "Refund {amount} for {order}"\n'
URL = '        url: "https://billing.example.com/refunds/{order}"\n'
HEADERS = '        headers: {Authorization: "Bearer ${BILLING_TOKEN}"}\n'
RUN = '    run: {command: [rotate, "--service={service}"]}\n'
RUN_AT = "actions.rotate.run"
HTTP_AT = "actions.refund.run.http"

TABLE = {
    # parameters
    "a pattern that is none": (
        NOTE,
        f'      note: {{type: string, pattern: "(a"}}  {HERE}\n',
        "actions.refund.params.note.pattern",
        '"(a" is not a pattern',
        "look-ahead",
    ),
    "a pattern that could take for ever": (
        NOTE,
        f"      note: {{type: string, pattern: '^(a)\\1$'}}  {HERE}\n",
        "actions.refund.params.note.pattern",
        "is not a pattern that can be used",
        "back references cannot be used",
    ),
    "a default that is not valid": (
        NOTE,
        f"      note: {{type: string, maxLength: 3, default: abcd}}  {HERE}\n",
        "actions.refund.params.note.default",
        '"abcd" is no value of this parameter',
        "it must have at most 3 characters",
    ),
    "a default of another type": (
        NOTE,
        f"      note: {{type: integer, default: one}}  {HERE}\n",
        "actions.refund.params.note.default",
        '"one" is no value of this parameter',
        "it must be a whole number",
    ),
    "a default that stands in the file though it is sensitive": (
        "      iban:   {type: string, x-sensitive: true}\n",
        f"      iban: {{type: string, x-sensitive: true, default: DE00}}  {HERE}\n",
        "actions.refund.params.iban.default",
        "a sensitive value cannot stand in the file",
        "remove the default",
    ),
    "an enum value of another type": (
        NOTE,
        f"      note: {{type: string, enum: [a, 1]}}  {HERE}\n",
        "actions.refund.params.note.enum[1]",
        "1 is no value of this parameter",
        "it must be text",
    ),
    "an enum value twice": (
        NOTE,
        f"      note: {{type: string, enum: [a, b, a]}}  {HERE}\n",
        "actions.refund.params.note.enum[2]",
        '"a" is there twice',
        "remove one",
    ),
    "bounds that nothing meets": (
        NOTE,
        f"      note: {{type: number, minimum: 9, maximum: 3}}  {HERE}\n",
        "actions.refund.params.note.minimum",
        "nothing is at least 9 and at most 3",
        "correct one of them",
    ),
    "a keyword of another type": (
        NOTE,
        f"      note: {{type: string, maximum: 3}}  {HERE}\n",
        "actions.refund.params.note.maximum",
        '"maximum" says nothing about a string',
        "make the type integer or number",
    ),
    "a list of it is not said what": (
        NOTE,
        f"      note: {{type: array}}  {HERE}\n",
        "actions.refund.params.note",
        "does not say what its entries are",
        "add items: {type: string}",
    ),
    "a format that is none": (
        NOTE,
        f"      note: {{type: string, format: e-mail}}  {HERE}\n",
        "actions.refund.params.note.format",
        '"e-mail" is not a format',
        "(did you mean email?)",
    ),
    "a parameter that takes the key's name": (
        NOTE,
        f"      note: {{type: string}}\n      key: {{type: string}}  {HERE}\n",
        "actions.refund.params.key",
        '"key" cannot name a parameter',
        "choose another name",
    ),
    "something required that is no parameter": (
        "    required: [order, amount]\n",
        f"    required: [order, amount, ordr]  {HERE}\n",
        "actions.refund.required[2]",
        'there is no parameter "ordr"',
        "(did you mean order?)",
    ),
    "something editable that is no parameter": (
        "    editable: [amount]\n",
        f"    editable: [amout]  {HERE}\n",
        "actions.refund.editable[0]",
        'there is no parameter "amout"',
        "(did you mean amount?)",
    ),
    # templates
    "a name in the title that is no parameter": (
        TITLE,
        f'    title: "Refund {{amonut}} for {{order}}"  {HERE}\n',
        "actions.refund.title",
        "{amonut} is no parameter of this action",
        "(did you mean {amount}?)",
    ),
    "a sensitive parameter in the title": (
        TITLE,
        f'    title: "Refund {{amount}} to {{iban}}"  {HERE}\n',
        "actions.refund.title",
        "{iban} is sensitive and would be shown here",
        "take it out",
    ),
    "a brace that stands alone": (
        TITLE,
        f'    title: "Refund {{amount:.2f}}"  {HERE}\n',
        "actions.refund.title",
        "has a brace that stands alone",
        "{{ and }}",
    ),
    "a sensitive parameter that must be typed": (
        TITLE,
        f'{TITLE}    confirm: "{{iban}}"  {HERE}\n',
        "actions.refund.confirm",
        "{iban} is sensitive",
        "take it out",
    ),
    "something to type that may be absent": (
        TITLE,
        f'{TITLE}    confirm: "{{note}}"  {HERE}\n',
        "actions.refund.confirm",
        "{note} may be absent",
        "add note under required, or give it a default",
    ),
    "a value in the host": (
        URL,
        f'        url: "https://{{order}}.example.com/refunds"  {HERE}\n',
        f"{HTTP_AT}.url",
        "does not begin with a literal scheme and host",
        "write https://host/…",
    ),
    "a value for the whole URL": (
        URL,
        f'        url: "{{order}}/refunds"  {HERE}\n',
        f"{HTTP_AT}.url",
        "does not begin with a literal scheme and host",
        "write https://host/…",
    ),
    "a value in the port": (
        URL,
        f'        url: "https://billing.example.com:{{order}}/refunds"  {HERE}\n',
        f"{HTTP_AT}.url",
        "does not begin with a literal scheme and host",
        "write https://host/…",
    ),
    "a sensitive parameter in the URL": (
        URL,
        f'        url: "https://billing.example.com/refunds/{{iban}}"  {HERE}\n',
        f"{HTTP_AT}.url",
        "{iban} is sensitive",
        "take it out",
    ),
    "an absent optional in the URL": (
        URL,
        f'        url: "https://billing.example.com/refunds?note={{note}}"  {HERE}\n',
        f"{HTTP_AT}.url",
        "{note} may be absent",
        "add note under required",
    ),
    "the environment in the URL": (
        URL,
        f'        url: "https://billing.example.com/${{BILLING_TOKEN}}"  {HERE}\n',
        f"{HTTP_AT}.url",
        "${BILLING_TOKEN} would be taken as it stands",
        "the values of headers",
    ),
    "an unencrypted URL": (
        URL,
        f'        url: "http://billing.example.com/refunds"  {HERE}\n',
        f"{HTTP_AT}.url",
        "http://billing.example.com is not encrypted",
        "network.private",
    ),
    "a metadata service": (
        URL,
        f'        url: "http://169.254.169.254/latest"  {HERE}\n',
        f"{HTTP_AT}.url",
        "metadata services and reserved addresses are never called",
        "",
    ),
    "a password in the URL": (
        URL,
        f'        url: "https://me:secret@billing.example.com/"  {HERE}\n',
        f"{HTTP_AT}.url",
        "must not hold a user or a password",
        "use a header",
    ),
    "a blank in the URL": (
        URL,
        f'        url: "https://billing.example.com/a b"  {HERE}\n',
        f"{HTTP_AT}.url",
        "holds blanks",
        "percent-encode",
    ),
    "a value of a result outside an undo": (
        URL,
        f'        url: "https://billing.example.com/refunds/{{result.id}}"  {HERE}\n',
        f"{HTTP_AT}.url",
        "{result.id} is no parameter",
        "only an undo can take values from a result",
    ),
    "a variable that is not set": (
        HEADERS,
        f'        headers: {{Authorization: "Bearer ${{BILING_TOKEN}}"}}  {HERE}\n',
        f"{HTTP_AT}.headers.Authorization",
        "the environment variable BILING_TOKEN is not set",
        "set BILING_TOKEN",
    ),
    "a secret of Signoff's own": (
        HEADERS,
        f'        headers: {{Authorization: "${{SLACK_BOT_TOKEN}}"}}  {HERE}\n',
        f"{HTTP_AT}.headers.Authorization",
        "SLACK_BOT_TOKEN is Signoff's own secret",
        "use a variable of its own",
    ),
    "a header that Signoff sets": (
        HEADERS,
        f"        headers: {{Idempotency-Key: mine}}  {HERE}\n",
        f"{HTTP_AT}.headers.Idempotency-Key",
        "is set by Signoff itself",
        "remove it",
    ),
    "retries of a target that is not idempotent": (
        URL,
        f"{URL}        max_retries: 5  {HERE}\n",
        f"{HTTP_AT}.max_retries",
        "only a target declared idempotent is tried again",
        "add idempotent: true",
    ),
    "two bodies": (
        URL,
        f"{URL}        body: text  {HERE}\n",
        f"{HTTP_AT}.body",
        "a request has one body",
        "keep json or body",
    ),
    # ways to run
    "two ways at once": (
        RUN,
        "    run: {command: [rotate], python: sweep}  # <-\n",
        RUN_AT,
        "names command and python at once",
        "use http, command, python, email or slack",
    ),
    "no way at all": (RUN, f"    run: {{timeout: 5s}}  {HERE}\n", RUN_AT, "names no way to do it", "use http"),
    "a program that is not there": (
        RUN,
        f'    run: {{command: [rotat, "--service={{service}}"]}}  {HERE}\n',
        f"{RUN_AT}.command[0]",
        'there is no program "rotat" on this machine',
        "install it",
    ),
    "a program chosen by a value": (
        RUN,
        f'    run: {{command: ["{{service}}"]}}  {HERE}\n',
        f"{RUN_AT}.command[0]",
        "{service} may not stand here: the program is always the same",
        "write it out",
    ),
    "a value inside a shell's script": (
        RUN,
        f'    run: {{command: [sh, -c, "rotate {{service}}"]}}  {HERE}\n',
        f"{RUN_AT}.command[2]",
        "is code, and a value in it would run as code",
        "as an argument",
    ),
    "a value inside a script, the shell by another": (
        RUN,
        f'    run: {{command: [env, bash, -lc, "rotate {{service}}"]}}  {HERE}\n',
        f"{RUN_AT}.command[3]",
        "is code",
        "as an argument",
    ),
    "a folder that is not there": (
        RUN,
        f"    run: {{command: [rotate], cwd: /nowhere/at/all}}  {HERE}\n",
        f"{RUN_AT}.cwd",
        "there is no folder /nowhere/at/all",
        "make it",
    ),
    "a folder for something that is no command": (
        RUN,
        f"    run: {{python: sweep, cwd: /tmp}}  {HERE}\n",
        f"{RUN_AT}.cwd",
        '"cwd" is for commands',
        "remove it",
    ),
    "a value in a command's environment": (
        RUN,
        f'    run: {{command: [rotate], env: {{NAME: "{{service}}"}}}}  {HERE}\n',
        f"{RUN_AT}.env.NAME",
        "{service} may not stand here",
        "write it out",
    ),
    "a callable that is not registered": (
        RUN,
        f"    run: {{python: swep}}  {HERE}\n",
        f"{RUN_AT}.python",
        '"swep" is not under callables',
        "use sweep",
    ),
    "a recipient that is no address": (
        RUN,
        f"    run: {{email: {{to: alice, subject: Hi, text: Hello}}}}  {HERE}\n",
        f"{RUN_AT}.email.to",
        '"alice" is no address',
        "name@example.com",
    ),
    "a sender chosen by a value": (
        RUN,
        f'    run: {{email: {{to: a@example.com, from: "{{service}}", subject: Hi, text: Hello}}}}  {HERE}\n',
        f"{RUN_AT}.email.from",
        "the sender is always the same",
        "write it out",
    ),
    "a post to what is no channel": (
        RUN,
        f"    run: {{slack: {{channel: General, text: Hello}}}}  {HERE}\n",
        f"{RUN_AT}.slack.channel",
        '"General" is not a channel',
        '"#general"',
    ),
    "a timeout twice": (
        RUN,
        f"    run: {{http: {{url: https://a.example.com/, timeout: 5s}}, timeout: 5s}}  {HERE}\n",
        f"{RUN_AT}.timeout",
        "a timeout stands here and in http",
        "keep one of them",
    ),
    "a preview that takes too long": (
        RUN,
        f"{RUN}    preview: {{command: [rotate], timeout: 30s}}  {HERE}\n",
        "actions.rotate.preview",
        "a preview may take 10s",
        "timeout: 10s or less",
    ),
    "a preview that sends mail": (
        RUN,
        f"{RUN}    preview: {{email: {{to: a@example.com, subject: Hi, text: Hello}}}}  {HERE}\n",
        "actions.rotate.preview.email",
        '"email" is not known here',
        "use command, cwd, env, http, python or timeout",
    ),
    "the key in a run": (
        RUN,
        f'    run: {{command: [rotate, "--key={{key}}"]}}  {HERE}\n',
        f"{RUN_AT}.command[1]",
        "{key} is no parameter",
        "SIGNOFF_IDEMPOTENCY_KEY",
    ),
    "an undo with a name that nothing has": (
        RUN,
        f'{RUN}    undo: {{command: [rotate, "--back={{servce}}"]}}  {HERE}\n',
        "actions.rotate.undo.command[1]",
        "{servce} is no parameter",
        "(did you mean {service}?)",
    ),
    "a group that may ask and does not exist": (
        RUN,
        f"{RUN}    may_ask: [directrs]  {HERE}\n",
        "actions.rotate.may_ask[0]",
        'there is no group "directrs" under people',
        "(did you mean directors?)",
    ),
}


@pytest.mark.parametrize(("old", "new", "path", "what", "remedy"), TABLE.values(), ids=TABLE.keys())
def test_a_mistake_names_its_line_and_its_remedy(
    tmp_path: Path, old: str, new: str, path: str, what: str, remedy: str
) -> None:
    text = broken((old, new))
    found = mistakes(tmp_path, text)
    assert [mistake.path for mistake in found] == [path], "\n".join(map(str, found))
    assert what in found[0].what
    assert remedy in found[0].remedy
    assert found[0].line == marked(text)


def test_offline_what_this_machine_lacks_is_a_warning(tmp_path: Path) -> None:
    text = broken(
        (RUN, '    run: {command: [absent, "--service={service}"], cwd: /nowhere}\n'),
        (HEADERS, '        headers: {Authorization: "Bearer ${ABSENT}"}\n'),
    )
    assert len(mistakes(tmp_path, text)) == 3
    warnings = {warning.path: warning.what for warning in read(tmp_path, text, offline=True).warnings}
    assert warnings == {
        "actions.rotate.run.command[0]": 'there is no program "absent" on this machine',
        "actions.rotate.run.cwd": "there is no folder /nowhere on this machine",
        f"{HTTP_AT}.headers.Authorization": "the environment variable ABSENT is not set",
    }


def test_offline_other_mistakes_stay_mistakes(tmp_path: Path) -> None:
    text = broken((RUN, '    run: {command: [absent, "{servce}"]}\n'))
    assert "actions.rotate.run.command[1]" in {mistake.path for mistake in mistakes(tmp_path, text)}


def test_a_pattern_that_matches_anywhere_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, broken((ORDER, "      order:  {type: string, pattern: ord_}\n"))).warnings
    assert warning.path == "actions.refund.params.order.pattern"
    assert "write ^…$" in warning.remedy


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/{order}",
        "http://[::1]:8080/",
        "http://localhost/",
        "http://billing.internal/x?y={amount}&z={order}",
        "https://billing.internal:8443/",
        "HTTPS://billing.example.com/",
    ],
)
def test_urls_that_may_be_called(tmp_path: Path, url: str) -> None:
    assert mistakes(tmp_path, broken((URL, f'        url: "{url}"\n'))) == ()


def test_a_sensitive_argument_of_a_command_is_a_warning(tmp_path: Path) -> None:
    text = broken(
        ("      service: {type: string}\n", "      service: {type: string, x-sensitive: true}\n"),
        ('    title: "Rotate the key of {service}"\n', "    title: Rotate the key\n"),
    )
    (warning,) = read(tmp_path, text).warnings
    assert warning.path == "actions.rotate.run.command[1]"
    assert "{service} is sensitive" in warning.what


def test_a_value_that_may_be_taken_for_an_option_is_a_warning(tmp_path: Path) -> None:
    (warning,) = read(tmp_path, broken((RUN, '    run: {command: [rotate, "{service}"]}\n'))).warnings
    assert "begins with - is refused" in warning.what
    assert read(tmp_path, broken((RUN, '    run: {command: [rotate, --, "{service}"]}\n'))).warnings == ()
