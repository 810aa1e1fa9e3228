"""The `signoff.yaml` that scenarios are played on, after `room.HEAD`."""

MONEY = """
actions:
  refund:
    title: "Refund {amount} for {order}"
    params:
      order: {type: string, pattern: "^ord_[a-z0-9]+$"}
      amount: {type: number, exclusiveMinimum: 0, maximum: 100000}
      note: {type: string, maxLength: 200}
      iban: {type: string, x-sensitive: true}
    required: [order, amount]
    editable: [amount, note]
    run: {http: {url: "https://bank.example/refunds", json: {order: "{order}", amount: "{amount}", iban: "{iban}"}}}
    undo: {http: {url: "https://bank.example/refunds/{result.id}/reverse"}}
  charge:
    title: "Charge {amount} to {order}"
    params: {order: {type: string}, amount: {type: number}}
    required: [order, amount]
    editable: [amount]
    edit_and_approve: false
    run: {http: {url: "https://bank.example/charges", json: {amount: "{amount}"}, idempotent: true, max_retries: 2}}
    probe: {http: {url: "https://bank.example/charges/by-key/{key}"}}
  payout:
    title: "Pay {amount} to {to}"
    risk: high
    params: {to: {type: string}, amount: {type: number}}
    required: [to, amount]
    editable: [amount]
    run: {http: {url: "https://bank.example/payouts", json: {to: "{to}", amount: "{amount}"}}}
  close:
    title: "Close the account {name}"
    risk: critical
    params: {name: {type: string}}
    required: [name]
    confirm: "{name}"
    run: {http: {url: "https://bank.example/close/{name}"}}
  wipe:
    title: "Wipe {table}"
    risk: critical
    params: {table: {type: string}}
    required: [table]
    run: {http: {url: "https://bank.example/wipe/{table}"}}
  label:
    title: "Label {order} as {text}"
    risk: low
    params: {order: {type: string}, text: {type: string}}
    required: [order, text]
    run: {http: {url: "https://bank.example/labels", json: {order: "{order}", text: "{text}"}}}
  ship:
    title: "Ship {order}"
    params: {order: {type: string}, weight: {type: number}}
    required: [order]
    editable: [weight]
    preview: {http: {url: "https://bank.example/preview/{order}"}}
    run: {http: {url: "https://bank.example/ship/{order}"}}
  query:
    title: "Query {sql}"
    params: {sql: {type: string}}
    required: [sql]
    run: caller
    undo: caller
rules:
  raise:
    - {when: "action == 'refund' && args.amount > 20000", to: high}
  route:
    - {name: small, when: "action == 'refund' && args.amount < 50", then: allow}
    - {name: never, when: "action == 'refund' && args.amount > 50000", then: deny}
    - name: in order
      when: action == "refund" && args.amount >= 5000
      then:
        ask:
          - {need: [{from: finance, approvals: 2}], rejects: 2, escalate: []}
          - {need: [{from: directors}], escalate: []}
        expires: 4h
    - name: both
      when: action == "refund" && args.amount >= 1000
      then: {ask: [{need: [{from: finance}, {from: directors}], escalate: []}], expires: 4h}
    - name: leads first
      when: action == "refund" && args.amount == 777
      then: {ask: [{need: [{from: leads}]}, {need: [{from: leads}]}]}
    - name: yourself
      when: action == "refund" && args.amount == 555
      then: {ask: [{need: [{from: requester}]}, {need: [{from: finance}]}]}
    - name: either
      when: action == "refund" && args.amount == 556
      then: {ask: [{need: [{from: [requester, finance]}]}]}
    - name: yourself alone
      when: action == "charge" && args.amount == 555
      then: {ask: [{need: [{from: requester}]}]}
    - name: cheap charges
      when: action == "charge" && args.amount < 50
      then: allow
  default:
    medium: {ask: [{need: [{from: finance}], remind: 10m, escalate: [{after: 15m, to: directors}]}], expires: 4h}
    high: {ask: [{need: [{from: finance}], escalate: []}], expires: 4h}
    critical: {ask: [{need: [{from: finance, approvals: 2}], escalate: []}], expires: 4h}
"""
