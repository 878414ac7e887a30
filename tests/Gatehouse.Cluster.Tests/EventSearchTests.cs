using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

public sealed class EventSearchTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 20, 22, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Pages_agree_with_a_plain_sorted_list()
    {
        var seed = Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage($"seed {seed}");
        var random = new Random(seed);
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        // Few distinct times, so that many are equal; three days; segments sealed and open.
        var all = new List<(DateTimeOffset Time, string Id, string Type)>();
        for (var i = 0; i < 250; i++)
        {
            var item = (Time: Start.AddMinutes(random.Next(60) * 40), Id: $"e{i}", Type: $"type{random.Next(4)}");
            await log.AppendAsync(Some.Event(item.Id, Some.Time(item.Time), item.Type), TestContext.Current.CancellationToken);
            all.Add(item);
            if (random.Next(20) == 0)
                await log.SealAsync(TestContext.Current.CancellationToken);
        }
        // Arrival breaks ties; a stable sort keeps it.
        var sorted = all.OrderBy(e => e.Time).ToList();
        for (var query = 0; query < 300; query++)
        {
            var (from, to) = (Start.AddMinutes(random.Next(2400)), Start.AddMinutes(random.Next(2400)));
            if (from > to)
                (from, to) = (to, from);
            var types = Enumerable.Range(0, random.Next(3)).Select(_ => $"type{random.Next(5)}").ToHashSet();
            var newestFirst = random.Next(2) == 1;
            var request = new SearchRequest(Nanoseconds(from), Nanoseconds(to), types, random.Next(1, 40), newestFirst, null);
            var expected = sorted.Where(e => e.Time >= from && e.Time <= to && (types.Count == 0 || types.Contains(e.Type))).Select(e => e.Id);
            Assert.Equal(newestFirst ? expected.Reverse() : expected, Some.Ids(log, request));
        }
    }

    [Fact]
    public async Task A_key_goes_on_after_new_events_and_shows_those_behind_it()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        for (var i = 0; i < 4; i++)
            await log.AppendAsync(Some.Event($"e{i}", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        var page = EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(Some.Search(limit: 2), TestContext.Current.CancellationToken).Span);
        Assert.Equal(["e0", "e1"], page.Items.Select(i => i.Id));
        await log.SealAsync(TestContext.Current.CancellationToken);
        // The same time, but later in arrival.
        await log.AppendAsync(Some.Event("a-late-one", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Equal(["e2", "e3", "a-late-one"], Some.Ids(log, Some.Search() with { After = SearchPosition.Parse(page.LastKey) }));
    }

    [Fact]
    public async Task The_last_key_is_empty_exactly_when_nothing_follows()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        for (var i = 0; i < 4; i++)
            await log.AppendAsync(Some.Event($"e{i}", $"2026-11-2{i}T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.NotEmpty(EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(Some.Search(limit: 3), TestContext.Current.CancellationToken).Span).LastKey);
        Assert.Empty(EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(Some.Search(limit: 4), TestContext.Current.CancellationToken).Span).LastKey);
        Assert.Empty(EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(Some.Search(limit: 5), TestContext.Current.CancellationToken).Span).LastKey);
    }

    [Fact]
    public async Task A_page_holds_a_mebibyte_or_one_event_that_is_larger()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        var sizes = new[] { 400_000, 400_000, 400_000, 2_000_000, 10 };
        for (var i = 0; i < sizes.Length; i++)
            await log.AppendAsync(Some.Event($"e{i}", $"2026-11-21T00:00:0{i}Z", filler: new string('x', sizes[i])), TestContext.Current.CancellationToken);
        var request = Some.Search();
        var pages = new List<string>();
        for (var more = true; more;)
        {
            var page = EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(request, TestContext.Current.CancellationToken).Span);
            pages.Add(string.Join(' ', page.Items.Select(item => item.Id)));
            more = page.LastKey.Length > 0;
            request = request with { After = SearchPosition.Parse(page.LastKey) };
        }
        Assert.Equal(["e0 e1", "e2", "e3", "e4"], pages);
    }

    [Theory]
    [InlineData("0e2d7c4b-3f1c-4bd8-9a1b-000000000000")]
    [InlineData("g1.")]
    [InlineData("g1.x.20261121T000000000.1")]
    [InlineData("g1.1.20261121T000000000.-1")]
    public void A_key_that_is_not_ours_is_known_as_such(string key) => Assert.Null(SearchPosition.Parse(key));

    private static long Nanoseconds(DateTimeOffset time) => LogTime.FromClamped(time.ToUnixTimeSeconds(), 0);
}
