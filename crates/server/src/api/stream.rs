//! GET /api/v1/stream: what has just changed?
//!
//! Server-sent events of up to three topics over one connection: the cards of the last minutes, the buckets that
//! moved, and the feed. An event comes after a new view was published, four times a second at most and less often
//! where the fold is expensive; quiet times are refreshed because the range moves on. Event ids are the run and the
//! feed's position, sent with the feed first: whatever breaks afterwards, nothing of the feed is lost or repeated, and
//! the other topics are whole again with the next event.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::time::Duration as StdDuration;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use walletscope_model::{Duration, Timestamp};
use walletscope_series::{Buckets, Range};

use super::coverage::Question;
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::metrics::{DataTo, Numeric, RangeAnswered, TokenMetrics, measure};
use super::query::{Query, bad_value, parse_time};
use super::resume::{self, Piece, Start, event_id};
use super::token_request::{RequestSummary, TokenRequest};
use super::trends::{BucketColumns, POINTS_DEFAULT, POINTS_MAX};
use super::{Api, Caller, FilterParameters};
use crate::view::{FeedItem, View};

/// Live streams open at once; more are refused with 429.
pub const STREAMS_MAX: usize = 64;
/// Events of one topic come at most this often.
const TICK_MIN: StdDuration = StdDuration::from_millis(250);
/// A stream may keep a core busy for one part in so many.
const WORK_SHARE: u32 = 10;
/// Cards and trends are sent anew after this long without a change.
const REFRESH_EVERY: StdDuration = StdDuration::from_secs(5);
const HEARTBEAT_EVERY: StdDuration = StdDuration::from_secs(10);
const RANGE_DEFAULT: Duration = Duration::from_seconds(15 * 60);
/// Rows answer live questions, so a live range stays inside what rows are kept for.
const RANGE_MAX: Duration = Duration::from_seconds(30 * 86_400);
/// Changed buckets in one event at most; beyond, the client fetches the trend anew.
const BUCKETS_MAX: usize = 100;

/// Event `kpi`: the cards of the range.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct KpiEvent {
    pub metrics: TokenMetrics,
    pub numeric: Numeric,
    pub range: RangeAnswered,
    pub data_to: DataTo,
}

/// Event `trend`: the newest two buckets and every other one in which an attempt changed. They replace the client's.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TrendEvent {
    /// The buckets, oldest first.
    pub buckets: BucketColumns,
    /// More changed than fits: fetch the trend anew.
    pub refetch: bool,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// Event `feed`: new attempts and changes of outcome.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedEvent {
    /// Oldest first, 50 at most.
    pub items: Vec<FeedItemShown>,
    /// Changes left out before them.
    pub skipped: u64,
}

/// One change.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeedItemShown {
    /// Its place in the feed of this run.
    pub sequence: u64,
    /// When it became known, RFC 3339.
    pub at: String,
    /// The attempt then, in the interface's own names.
    pub request: TokenRequest,
    /// More about it.
    pub detail: RequestSummary,
}

/// Events `open` and `reset`: the stream begins here. After `reset` something may be lost: fetch everything anew.
#[derive(Debug, Serialize, ToSchema)]
pub struct PositionEvent {
    /// This run of the server.
    pub run: String,
    /// The newest change that is not sent.
    pub sequence: u64,
}

/// What to follow.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
pub(super) struct StreamParameters {
    /// Any of kpi, trend, feed, joined by commas; all by default.
    topics: Option<String>,
    /// How far kpi and trend reach back: `now-15m` by default, `now-30d` at most.
    from: Option<String>,
    /// Buckets that the trend's whole chart has at most; 300 by default.
    #[param(rename = "maxDataPoints")]
    max_data_points: Option<u32>,
}

/// What has just changed?
#[utoipa::path(
    get, path = "/api/v1/stream", tag = "live",
    params(
        StreamParameters, FilterParameters,
        ("Last-Event-ID" = Option<String>, Header, description = "Continue after this event of the same run"),
    ),
    responses(
        (status = 200, content_type = "text/event-stream", body = String, description = "Events open, reset, kpi, trend, feed"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 429, body = ErrorBody),
    ),
)]
pub(super) async fn stream(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let caller = Caller::known(caller)?;
    let subscription = Subscription::read(&uri, caller, api.now())?;
    let permit = api.streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| ApiError::TooManyStreams { streams_max: STREAMS_MAX })?;
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let live = Live::start(api, subscription, last_event_id, permit);
    Ok(Sse::new(futures_util::stream::unfold(live, |mut live| async {
        let event = live.next().await?;
        Some((Ok(event), live))
    })))
}

/// What one client follows.
#[derive(Clone, Debug)]
struct Subscription {
    caller: Caller,
    topics: Topics,
    reach: Duration,
    max_data_points: usize,
    filters: Filters,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Topics {
    kpi: bool,
    trend: bool,
    feed: bool,
}

impl Subscription {
    fn read(uri: &Uri, caller: Caller, now: Timestamp) -> Result<Self, ApiError> {
        let query = Query::read(uri, &[&["topics", "from", "maxDataPoints"], FILTERS])?;
        Ok(Self {
            caller,
            topics: Topics::read(&query)?,
            reach: reach(&query, now)?,
            max_data_points: query.number("maxDataPoints", POINTS_DEFAULT, 2..=POINTS_MAX)?,
            filters: Filters::read(&query)?,
        })
    }
}

impl Topics {
    fn read(query: &Query) -> Result<Self, ApiError> {
        let mut topics = Self { kpi: false, trend: false, feed: false };
        for value in query.list("topics") {
            match value.text.as_str() {
                "kpi" if !value.is_refused => topics.kpi = true,
                "trend" if !value.is_refused => topics.trend = true,
                "feed" if !value.is_refused => topics.feed = true,
                other => return Err(bad_value("topics", other, "kpi, trend, feed")),
            }
        }
        let none = Self { kpi: false, trend: false, feed: false };
        Ok(if topics == none { Self { kpi: true, trend: true, feed: true } } else { topics })
    }
}

fn reach(query: &Query, now: Timestamp) -> Result<Duration, ApiError> {
    let Some(text) = query.one("from")? else { return Ok(RANGE_DEFAULT) };
    let from = text.strip_prefix("now-").and_then(|_| parse_time(text, now));
    let reach = from.map(|from| now.since(from)).filter(|reach| reach.0 > 0 && *reach <= RANGE_MAX);
    reach.ok_or_else(|| bad_value("from", text, "now-15m and the like, at most now-30d"))
}

/// One open stream.
struct Live {
    api: Api,
    subscription: Subscription,
    published: watch::Receiver<u64>,
    position: u64,
    /// Whether everything since `position` is owed.
    owes_all: bool,
    ready: VecDeque<Event>,
    next_tick: Instant,
    next_refresh: Instant,
    next_heartbeat: Instant,
    /// Given back when the client goes.
    _permit: OwnedSemaphorePermit,
}

/// What a view gives one client.
struct Tick {
    pieces: Vec<Piece>,
    kpi: Option<KpiEvent>,
    trend: Option<TrendEvent>,
    position: u64,
}

impl Live {
    fn start(
        api: Api,
        subscription: Subscription,
        last_event_id: Option<&str>,
        permit: OwnedSemaphorePermit,
    ) -> Self {
        let published = api.shared.published.subscribe();
        let start = resume::start(last_event_id, &api.run, &api.shared.view.load().feed);
        let (name, position) = match start {
            Start::Fresh(position) => ("open", position),
            Start::Continue(position) => ("open", position),
            Start::Reset(position) => ("reset", position),
        };
        let opened = PositionEvent { run: api.run.to_string(), sequence: position };
        let ready = VecDeque::from([event(name, &opened).id(event_id(&api.run, position))]);
        let now = Instant::now();
        Self {
            api,
            subscription,
            published,
            position,
            owes_all: matches!(start, Start::Continue(_)),
            ready,
            next_tick: now,
            next_refresh: now,
            next_heartbeat: now + HEARTBEAT_EVERY,
            _permit: permit,
        }
    }

    /// The next event; `None` when the pipeline has failed or gone.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            tokio::time::sleep_until(self.next_tick).await;
            let wake_at = self.next_refresh.min(self.next_heartbeat);
            if let Ok(changed) = tokio::time::timeout_at(wake_at, self.published.changed()).await {
                changed.ok()?;
            }
            if self.api.shared.fatal.borrow().is_some() {
                return None;
            }
            if Instant::now() >= self.next_heartbeat {
                self.next_heartbeat = Instant::now() + HEARTBEAT_EVERY;
                self.ready.push_back(Event::default().comment("heartbeat"));
            }
            self.tick().await?;
        }
    }

    /// Folds the newest view and prepares its events.
    async fn tick(&mut self) -> Option<()> {
        let began = Instant::now();
        let (subscription, position, owes_all) = (self.subscription.clone(), self.position, self.owes_all);
        let now = self.api.now();
        let folded = self.api.fold(move |view| subscription.tick(view, position, owes_all, now)).await;
        // The error is in the log; a client that comes back learns of it by the status.
        let tick = folded.ok()?;
        self.owes_all = false;
        self.next_tick = began + TICK_MIN.max(began.elapsed() * WORK_SHARE);
        self.next_refresh = Instant::now() + REFRESH_EVERY;
        for piece in tick.pieces {
            let id = event_id(&self.api.run, piece.position);
            self.ready.push_back(event("feed", &FeedEvent::of(&piece)).id(id));
        }
        self.position = tick.position;
        let id = event_id(&self.api.run, self.position);
        if let Some(kpi) = tick.kpi {
            self.ready.push_back(event("kpi", &kpi).id(id.clone()));
        }
        if let Some(trend) = tick.trend {
            self.ready.push_back(event("trend", &trend).id(id));
        }
        Some(())
    }
}

impl Subscription {
    fn tick(&self, view: &View, position: u64, owes_all: bool, now: Timestamp) -> Result<Tick, ApiError> {
        let question = Question { view, tenant: &self.caller.tenant, filters: &self.filters };
        let range = Range { from: now.plus(Duration(-self.reach.0)), to: now };
        let filter = question.filter(range);
        let wants = |item: &FeedItem| filter.admits_attempt(&item.attempt, &view.dictionary);
        let pieces = match (self.topics.feed, owes_all) {
            (false, _) => Vec::new(),
            (true, true) => resume::all_pieces(&view.feed, position, wants),
            (true, false) => Vec::from_iter(resume::newest_piece(&view.feed, position, wants)),
        };
        Ok(Tick {
            pieces,
            kpi: if self.topics.kpi { Some(kpi(&question, range, now)?) } else { None },
            trend: if self.topics.trend { Some(self.trend(&question, range, position, now)?) } else { None },
            position: resume::newest(&view.feed).max(position),
        })
    }

    fn trend(
        &self,
        question: &Question<'_>,
        range: Range,
        position: u64,
        now: Timestamp,
    ) -> Result<TrendEvent, ApiError> {
        let coverage = question.cover(range)?;
        let buckets = coverage.buckets(self.max_data_points);
        let (items, lost) = resume::since(&question.view.feed, position);
        let changed = items.iter().filter_map(|item| buckets.index_of(item.attempt.started_at));
        let newest = buckets.count.saturating_sub(2)..buckets.count;
        let mut indexes: BTreeSet<usize> = newest.clone().chain(changed).collect();
        let refetch = lost > 0 || indexes.len() > BUCKETS_MAX;
        if refetch {
            indexes = newest.collect();
        }
        let windows = question.series(&question.cover(part(range, buckets, &indexes))?, buckets)?;
        let starts: Vec<Timestamp> = buckets.starts().collect();
        let chosen = indexes.iter().filter_map(|index| Some((*starts.get(*index)?, windows.get(*index)?)));
        Ok(TrendEvent {
            buckets: BucketColumns::of(buckets.length_seconds, chosen)
                .with_active_tokens(question, range.to, now)?,
            refetch,
            data_to: DataTo::of(question.view, now),
        })
    }
}

/// The part of the range that these buckets need.
fn part(range: Range, buckets: Buckets, indexes: &BTreeSet<usize>) -> Range {
    let first = indexes.first().and_then(|index| buckets.starts().nth(*index));
    Range { from: first.unwrap_or(range.from).max(range.from), to: range.to }
}

fn kpi(question: &Question<'_>, range: Range, now: Timestamp) -> Result<KpiEvent, ApiError> {
    let coverage = question.cover(range)?;
    let (metrics, numeric) = measure(question, &coverage, now)?;
    let data_to = DataTo::of(question.view, now);
    Ok(KpiEvent { metrics, numeric, range: RangeAnswered::of(&coverage), data_to })
}

impl FeedEvent {
    fn of(piece: &Piece) -> Self {
        let shown = |item: &FeedItem| FeedItemShown {
            sequence: item.sequence,
            at: item.at.rfc3339(),
            request: TokenRequest::of(&item.attempt),
            detail: RequestSummary::of(&item.attempt),
        };
        Self { items: piece.items.iter().map(|item| shown(item)).collect(), skipped: piece.skipped }
    }
}

fn event(name: &str, body: &impl Serialize) -> Event {
    // Texts, numbers and lists of them always become JSON.
    Event::default().event(name).data(serde_json::to_string(body).unwrap_or_default())
}
