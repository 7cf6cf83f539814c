// What would the server answer about sources? One of each kind: what is wrong, what is silent, what is as it should be.
import type { SourceHint, SourcesAnswer, SourceShown } from "../src/api/sources";

const NOW = "2026-11-22T12:04:43Z";

/** An hour that goes up and down about a number, the running minute half over. */
function hour(about: number): number[] {
  return Array.from({ length: 60 }, (_, place) => Math.round(about * (1 + 0.3 * Math.sin(place / 6) + 0.1 * Math.sin(place * 2.4)) * (place === 59 ? 0.5 : 1)));
}

export function source(name: string, more: Partial<SourceShown> = {}): SourceShown {
  return {
    name, state: "live", firstSeen: "2026-10-24T08:15:02.120Z", lastSeen: "2026-11-22T12:04:31.812Z", perMinute: 412.4, minutes: hour(412), logEvents: 18_204_118, metricData: 0, spans: 0, auditEvents: 0,
    logEventsInPeriod: 612_204, contractEvents: 510_204, joinCoverage: 1, withoutId: 0, withoutCorrelationId: 0, guarded: 0, late: 0, ahead: 0, delaySeconds: 1.245, unknownEvents: [], drift: [],
    timeForms: [{ member: "timestamp", form: "utc", count: 510_204 }], messageDelaySeconds: 0.012, emfDocuments: 0, emfProblems: [], refusals: [], hints: [], ...more,
  };
}

const FIXES = {
  silent: ["error", "see whether the function, its log subscription or its agent still runs, and whether its key is good"],
  refused: ["error", "log what the calls answer, and mend what that names; a caller that is told to wait must send again"],
  missing_id: ["error", "write correlationId, or at least requestId, into every event of a request"],
  card_number: ["error", "never log a card number: find the message in the logs by its mark *** and mend its writer"],
  emf_problems: ["error", "open this source: each problem is listed with its place and what is allowed there"],
  mixed_time_forms: ["warning", "choose one form for every function: ISO 8601 in UTC, or milliseconds since 1970"],
  message_time_zone: ["warning", "write times in UTC with a `Z`, or with the offset that they really have"],
  missing_correlation_id: ["warning", "hand the correlation id of the wallet's call on to every function: request ids change between them"],
  unknown_events: ["warning", "use the names of the contract, or leave the member `event` out of other messages"],
  spelling_drift: ["warning", "choose one spelling, ApplePay or apple_pay, in every function"],
  clock_ahead: ["warning", "see to the clock of the machine, and send times in milliseconds UTC"],
  late: ["warning", "shorten the buffers on the way, or import history under a source of its own"],
} as const;

/** When each happened last, where that is not just now. */
const LAST: { [code in keyof typeof FIXES]?: string } = { card_number: "2026-11-22T08:31:07.020Z", spelling_drift: "2026-11-21T19:12:40Z" };

export function hint(code: keyof typeof FIXES, text: string): SourceHint {
  const [severity, fix] = FIXES[code];
  return { code, severity, text, fix, lastSeen: LAST[code] ?? "2026-11-22T12:04:31.812Z" };
}

/** As the server orders them: those with hints first, then by name. */
export const SOURCES: SourcesAnswer = {
  sources: [
    source("device-agent", {
      perMinute: 3.2, minutes: Array.from({ length: 60 }, (_, place) => (place % 5 === 0 ? 16 : 0)), lastSeen: "2026-11-22T11:59:58Z", logEvents: 41_322, logEventsInPeriod: 41_000, contractEvents: 40_010, ahead: 2_210, delaySeconds: -152.4,
      hints: [hint("clock_ahead", "2210 events have a time more than a minute ahead of their arrival")],
    }),
    source("gateway", {
      perMinute: 1_204.7, minutes: hour(1_205), logEvents: 48_211_004, spans: 1_204_331, logEventsInPeriod: 33_118_204, contractEvents: 31_402_118, joinCoverage: 0.974_2, withoutId: 810_174, withoutCorrelationId: 1_204_008, guarded: 17, late: 402, delaySeconds: 0.31,
      unknownEvents: [{ name: "TOKEN_MADE", count: 41_204 }, { name: "TOKEN_PROVISION_STARTED", count: 1_310 }, { name: "com.example.gateway.handlers.ProvisioningHandler.afterComplete", count: 3 }],
      drift: [
        { field: "walletProvider", spellings: [{ name: "ApplePay", count: 30_118_204 }, { name: "apple_pay", count: 1_204 }, { name: "APPLE PAY", count: 7 }] },
        { field: "issuer", spellings: [{ name: "DEMO_Bank", count: 12_004_118 }, { name: "demo-bank", count: 310 }] },
      ],
      timeForms: [{ member: "timestamp", form: "utc", count: 24_118_004 }, { member: "@timestamp", form: "milliseconds", count: 6_020_118 }, { member: null, form: "local", count: 1_204 }],
      messageDelaySeconds: -7_200.4, emfDocuments: 1_310_002,
      emfProblems: [
        { text: "the unit is none of CloudWatch's", example: '_aws.CloudWatchMetrics[0].Metrics[1]: the unit is none of CloudWatch\'s ("ProvisioningLatencyOfTheSlowestIssuer")', count: 1_204_118, lastSeen: "2026-11-22T12:04:31.812Z" },
        { text: "the dimension's value is not a string", example: '_aws.CloudWatchMetrics[0].Dimensions[0]: the dimension\'s value is not a string ("retries")', count: 12, lastSeen: "2026-11-22T02:17:09Z" },
      ],
      refusals: [{ place: "PutLogEvents", reason: "events too old or too new", count: 310, lastSeen: "2026-11-22T11:58:20Z" }, { place: "Firehose", reason: "malformed", count: 2, lastSeen: "2026-11-22T03:12:44Z" }],
      hints: [
        hint("refused", "312 calls or events were refused and are in no number, most at PutLogEvents: events too old or too new"),
        hint("missing_id", "810174 of 31402118 events have no id and join no attempt"),
        hint("card_number", "17 events held a card number, which was cut"),
        hint("emf_problems", "1204121 of 1310002 messages in embedded metric format have parts that give no metric"),
        hint("missing_correlation_id", "1204008 of 31402118 events have no correlationId"),
        hint("unknown_events", "42517 events have a name that the contract does not know"),
        hint("spelling_drift", "one word of a dimension comes in several spellings, which count as several values"),
        hint("mixed_time_forms", "messages tell their time in several forms: ISO 8601 with a zone, milliseconds since 1970"),
        hint("message_time_zone", "6020118 of 30139326 messages tell a time 2 h ahead of their event's: a time zone is wrong"),
      ],
    }),
    source("issuer-callbacks", {
      state: "silent", lastSeen: "2026-11-22T11:40:00.512Z", perMinute: 21.3, minutes: hour(36).map((amount, place) => (place < 36 ? amount : 0)), logEvents: 920_118, logEventsInPeriod: 915_000, contractEvents: 910_004, delaySeconds: 4.2,
      hints: [hint("silent", "nothing came since 2026-11-22T11:40:00.512000Z")],
    }),
    source("audit-trail", { perMinute: 0.8, minutes: Array.from({ length: 60 }, (_, place) => (place % 11 === 3 ? 9 : 0)), logEvents: 0, logEventsInPeriod: 0, contractEvents: 0, joinCoverage: null, timeForms: [], messageDelaySeconds: null, auditEvents: 12_408, delaySeconds: 0 }),
    source("cloudwatch-agent", { perMinute: 60, minutes: Array.from({ length: 60 }, (_, place) => (place === 59 ? 40 : 60)), logEvents: 0, logEventsInPeriod: 0, contractEvents: 0, joinCoverage: null, timeForms: [], messageDelaySeconds: null, metricData: 2_612_004, delaySeconds: 0 }),
    source("token-provisioning-service"),
  ],
  periodHours: 24,
  dataTo: { applied: 4_711, clock: NOW, newestArrival: NOW, now: NOW, sequence: 12 },
};

/** Many, each tenth with an error. */
export function many(amount: number): SourcesAnswer {
  const sources = Array.from({ length: amount }, (_, place) => source(`function-${String(place).padStart(4, "0")}`, place % 10 === 7 ? { guarded: 1, hints: [hint("card_number", "1 events held a card number, which was cut")] } : {}));
  return { ...SOURCES, sources };
}
