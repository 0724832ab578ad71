// The official QLDB driver for Node.js against the server at ENDPOINT, which
// has test controls. Run by TestNodeDriver.
const assert = require("node:assert/strict");
const { test } = require("node:test");
const ion = require("ion-js");
const { QldbDriver, RetryConfig } = require("amazon-qldb-driver-nodejs");
const { QLDBClient, CreateLedgerCommand, DescribeLedgerCommand, DeleteLedgerCommand, ListTagsForResourceCommand, TagResourceCommand, GetDigestCommand, ListLedgersCommand } = require("@aws-sdk/client-qldb");

const endpoint = process.env.ENDPOINT;
const options = { endpoint, region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const control = new QLDBClient(options);

// control plane of the server's own
const tally = async (path, body) => {
  const res = await fetch(`${endpoint}/_tally/${path}`, { method: "POST", body: JSON.stringify(body) });
  assert.equal(res.status, 200);
};

// driverOn creates a ledger and a driver on it, which is closed with the test.
async function driverOn(t, name, { pool = 0, retry } = {}) {
  try {
    await control.send(new CreateLedgerCommand({ Name: name, PermissionsMode: "ALLOW_ALL", DeletionProtection: false }));
  } catch (e) {
    if (e.name !== "ResourceAlreadyExistsException") throw e;
  }
  const d = new QldbDriver(name, options, {}, pool, retry);
  t.after(() => d.close());
  return d;
}

const run = (d, statement, ...params) => d.executeLambda(async (txn) => (await txn.execute(statement, ...params)).getResultList());

async function insertNumbers(d, count) {
  await run(d, "CREATE TABLE T");
  for (let from = 0; from < count; from += 40) {
    const docs = [];
    for (let n = from; n < Math.min(from + 40, count); n++) docs.push({ n });
    assert.equal((await run(d, "INSERT INTO T ?", docs)).length, docs.length);
  }
}

const one = async (d, statement, ...params) => {
  const rows = await run(d, statement, ...params);
  assert.equal(rows.length, 1);
  return rows[0];
};

test("control plane", async () => {
  const made = await control.send(new CreateLedgerCommand({ Name: "node-control", PermissionsMode: "STANDARD", Tags: { a: "b" } }));
  assert.equal(made.State, "CREATING");
  const is = await control.send(new DescribeLedgerCommand({ Name: "node-control" }));
  assert.equal(is.State, "ACTIVE");
  assert.deepEqual(is.CreationDateTime, made.CreationDateTime);
  await control.send(new TagResourceCommand({ ResourceArn: made.Arn, Tags: { a: "c", d: "" } }));
  assert.deepEqual((await control.send(new ListTagsForResourceCommand({ ResourceArn: made.Arn }))).Tags, { a: "c", d: "" });
  assert.equal((await control.send(new GetDigestCommand({ Name: "node-control" }))).Digest.length, 32);
  assert.ok((await control.send(new ListLedgersCommand({}))).Ledgers.some((l) => l.Name === "node-control"));
  await assert.rejects(control.send(new DeleteLedgerCommand({ Name: "node-control" })), { name: "ResourcePreconditionNotMetException" });
  await assert.rejects(control.send(new DescribeLedgerCommand({ Name: "nobody" })), { name: "ResourceNotFoundException", ResourceType: "Ledger", ResourceName: "nobody" });
});

test("quick start", async (t) => {
  const d = await driverOn(t, "node-quick-start");
  assert.equal((await run(d, "CREATE TABLE People")).length, 1);
  assert.equal((await run(d, "CREATE INDEX ON People (firstName)")).length, 1);
  assert.equal((await run(d, "INSERT INTO People ?", { firstName: "John", lastName: "Doe", age: 54 })).length, 1);
  assert.equal((await one(d, "SELECT age FROM People WHERE firstName = ?", "John")).get("age").numberValue(), 54);
  await run(d, "UPDATE People SET age = ? WHERE firstName = ?", 44, "John");
  assert.equal((await one(d, "SELECT VALUE age FROM People WHERE firstName = ?", "John")).numberValue(), 44);
  await run(d, "DELETE FROM People WHERE firstName = ?", "John");
  assert.equal((await run(d, "SELECT * FROM People")).length, 0);
  assert.deepEqual(await d.getTableNames(), ["People"]);
  const index = await one(d, "SELECT VALUE indexes[0] FROM information_schema.user_tables WHERE status = 'ACTIVE'AND name = 'People'");
  assert.equal(index.get("expr").stringValue(), "[firstName]");
  assert.equal((await run(d, "DROP TABLE People")).length, 1);
});

test("pages of 200 over 800 rows, buffered and as a stream", async (t) => {
  const d = await driverOn(t, "node-pages");
  await insertNumbers(d, 800);
  const rows = await run(d, "SELECT VALUE n FROM T");
  assert.equal(new Set(rows.map((r) => r.numberValue())).size, 800);
  const streamed = await d.executeLambda(async (txn) => {
    let n = 0;
    for await (const row of await txn.executeAndStreamResults("SELECT VALUE n FROM T")) {
      if (n++ % 100 === 0) await txn.execute("SELECT VALUE n FROM T WHERE n = ?", row); // while pages are fetched
    }
    return n;
  });
  assert.equal(streamed, 800);
});

test("1092 read IOs", async (t) => {
  const d = await driverOn(t, "node-ios");
  await insertNumbers(d, 3);
  await d.executeLambda(async (txn) => {
    const r = await txn.execute("SELECT * FROM T AS a, T AS b, T AS c, T AS d, T AS e, T AS f");
    assert.equal(r.getConsumedIOs().getReadIOs(), 1092);
    assert.ok(r.getTimingInformation().getProcessingTimeMilliseconds() > 0);
  });
});

test("conflicts and their retries", async (t) => {
  const d = await driverOn(t, "node-conflict");
  const other = await driverOn(t, "node-conflict");
  await insertNumbers(d, 1);
  for (const statement of ["SELECT VALUE n FROM T", "UPDATE T SET n = n + 100"]) {
    let runs = 0;
    await d.executeLambda(async (txn) => {
      await txn.execute(statement);
      if (++runs === 1) await run(other, "UPDATE T SET n = n + 1");
    });
    assert.equal(runs, 2);
  }
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 102);
  const once = await driverOn(t, "node-conflict", { retry: new RetryConfig(0) });
  const increment = () => once.executeLambda(async (txn) => {
    const n = (await txn.execute("SELECT VALUE n FROM T")).getResultList()[0].numberValue();
    await txn.execute("UPDATE T SET n = ?", n + 1);
  });
  const results = await Promise.allSettled([increment(), increment(), increment()]);
  const lost = results.filter((r) => r.status === "rejected");
  assert.ok(lost.length >= 1);
  for (const l of lost) {
    assert.equal(l.reason.name, "OccConflictException");
    assert.equal(l.reason.message, "Optimistic concurrency control (OCC) failure encountered while committing the transaction");
  }
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 102 + 3 - lost.length);
});

test("a pool of 50 sessions in parallel", async (t) => {
  const d = await driverOn(t, "node-pool", { pool: 50 });
  await run(d, "CREATE TABLE T");
  await Promise.all(Array.from({ length: 150 }, (_, m) => (m < 50 ? run(d, "INSERT INTO T ?", { m }) : null)));
  assert.equal((await run(d, "SELECT m FROM T")).length, 50);
});

test("expiry of a transaction and of a session", async (t) => {
  const d = await driverOn(t, "node-expiry");
  await insertNumbers(d, 1);
  let runs = 0;
  await assert.rejects(
    d.executeLambda(async (txn) => {
      runs++;
      await txn.execute("UPDATE T SET n = 7");
      await tally("clock", { Advance: "40s" });
    }),
    (e) => e.name === "InvalidSessionException" && /^Transaction \w{22} has expired$/.test(e.message),
  );
  assert.equal(runs, 1);
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 0);
  await tally("clock", { Advance: "20m" });
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 0);
});

test("errors", async (t) => {
  const d = await driverOn(t, "node-errors");
  await run(d, "CREATE TABLE T");
  await assert.rejects(run(d, "CREATE TABLE T"), { name: "BadRequestException", message: "Table with name: USER.T already exists" });
  await assert.rejects(run(d, "SELECT * FROM T WHERE a = ?"), { name: "BadRequestException", message: "Query expects 1 parameters, but statement has 0" });
  const none = new QldbDriver("nobody", options);
  await assert.rejects(none.getTableNames(), { name: "BadRequestException", message: "The Ledger with name nobody is not found" });
  // An error within a transaction does not end it.
  await d.executeLambda(async (txn) => {
    await assert.rejects(txn.execute("SELECT * FROM Nothing"), { name: "BadRequestException" });
    await txn.execute("INSERT INTO T ?", { a: 1 });
  });
  assert.equal((await run(d, "SELECT * FROM T")).length, 1);
});

test("lost answers", async (t) => {
  const d = await driverOn(t, "node-lost", { retry: new RetryConfig(0) });
  await insertNumbers(d, 1);
  await tally("faults", { LoseAnswers: 1 });
  await assert.rejects(run(d, "UPDATE T SET n = n + 1"));
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 1);
});

test("lack of capacity and lost sessions are retried", async (t) => {
  const d = await driverOn(t, "node-capacity");
  await insertNumbers(d, 1);
  await tally("faults", { Capacity: 1 });
  await run(d, "UPDATE T SET n = n + 1");
  await tally("faults", { ExpireSessions: true });
  await run(d, "UPDATE T SET n = n + 1");
  assert.equal((await one(d, "SELECT VALUE n FROM T")).numberValue(), 2);
});

// Every type with its null, plain and annotated, an annotated true too.
const texts = [
  "null", "true", "false", "null.bool", "0", "-1", "123456789012345678901234567890", "null.int", "0e0", "1.5e0", "-2.5e300", "null.float",
  "0.", "0.0", "1.10", "1.1", "123456789.123456789", "null.decimal",
  "2020T", "2020-02T", "2020-02-29T12:00Z", "2020-02-29T12:00:01.123Z", "2020-02-29T12:00:01+05:30", "2020-02-29T12:00:01-00:00", "null.timestamp",
  "sym", "'a symbol'", "null.symbol", '""', '"text"', '"äöü"', "null.string", "{{}}", "{{aGVsbG8=}}", "null.blob", '{{"clob"}}', "null.clob",
  "[]", "[1,[2,null],{a:3}]", "null.list", "()", "(+ 1 2)", "null.sexp", "{}", "{a:1,b:{c:[1,2.0,3e0]}}", "null.struct",
  "a::1", "a::b::2.50", "a::true", "a::false", "a::null", "a::null.list", "a::{x:b::[c::1]}", 'a::"text"', "{v:a::true}",
];

test("all Ion types", async (t) => {
  const d = await driverOn(t, "node-types");
  await run(d, "CREATE TABLE T");
  for (const text of texts) {
    const v = ion.load(text);
    const same = (rows) => {
      assert.equal(rows.length, 1, text);
      assert.ok(v.equals(rows[0]), `${text} came back as ${ion.dumpText(rows[0])}`);
    };
    await run(d, "DELETE FROM T");
    await run(d, "INSERT INTO T VALUE {'v': ?}", v);
    same(v.isNull() ? await run(d, "SELECT VALUE v FROM T WHERE v IS NULL") : await run(d, "SELECT VALUE v FROM T WHERE v = ?", v));
    await run(d, "UPDATE T SET v = 'other'");
    await run(d, "UPDATE T SET v = ?", v);
    same(await run(d, "SELECT VALUE v FROM T"));
  }
});
