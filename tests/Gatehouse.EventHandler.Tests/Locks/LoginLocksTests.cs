using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.EventHandler.Locks;
using Gatehouse.EventHandler.Tests.Sources;
using Gatehouse.Events;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Locks;

public sealed class LoginLocksTests : IDisposable
{
    private const int LockNotMade = 3602;

    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly WaitingClock _time = new(Now);
    private readonly LockMetrics _metrics = new();
    private readonly CollectingLogger<LoginLocks> _log = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _metrics.Dispose();

    [Fact]
    public async Task One_failure_more_than_allowed_locks_the_user()
    {
        var locks = await LocksAfterAsync(new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(10) }, Failed("carol", 0), Failed("carol", 10), Failed("carol", 20), Failed("carol", 30));
        var made = Assert.Single(locks);
        Assert.Equal("event-handler-auto-lock-carol-", made.Metadata.Name);
        Assert.Equal("carol", made.Spec.Target.User);
        Assert.Equal("", made.Spec.Target.Login);
        Assert.Equal("User is locked due to too many failed login attempts", made.Spec.Message);
        Assert.Equal(Now.AddSeconds(30).AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task As_many_failures_as_allowed_lock_nobody() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true }, Failed("carol", 0), Failed("carol", 10), Failed("carol", 20)));

    [Fact]
    public async Task Users_do_not_share_their_allowance() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true }, Failed("bob", 0), Failed("carol", 1), Failed("bob", 2), Failed("carol", 3), Failed("bob", 4), Failed("carol", 5)));

    [Fact]
    public async Task The_clock_is_the_events_own() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true }, Failed("carol", -180), Failed("carol", -120), Failed("carol", -60), Failed("carol", 0)));

    [Fact]
    public async Task Last_years_failures_lock_nobody_today() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true }, [.. Enumerable.Range(0, 10).Select(i => Failed("carol", -365 * 86400 + i))]));

    [Fact]
    public async Task A_login_that_succeeds_does_not_count() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true, FailedAttemptsCount = 0 }, ("carol", """{"event":"user.login","success":true,"user":"carol"}""", 0)));

    [Fact]
    public async Task Without_a_lifetime_a_lock_is_for_ever()
    {
        var made = Assert.Single(await LocksAfterAsync(new LockPlan { Enabled = true, FailedAttemptsCount = 0 }, Failed("carol", 0)));
        Assert.Null(made.Spec.Expires);
    }

    [Fact]
    public async Task A_lock_that_would_be_over_is_not_made() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(5) }, Failed("carol", -330), Failed("carol", -320), Failed("carol", -310), Failed("carol", -300)));

    [Fact]
    public async Task Failures_too_old_for_a_lock_count_together_with_one_that_is_not()
    {
        var plan = new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(1), Period = TimeSpan.FromMinutes(5) };
        var made = Assert.Single(await LocksAfterAsync(plan, Failed("carol", -100), Failed("carol", -90), Failed("carol", -80), Failed("carol", -10)));
        Assert.Equal(Now.AddSeconds(50), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task A_failure_that_turns_up_late_counts_where_it_belongs()
    {
        var plan = new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(10) };
        Assert.Empty(await LocksAfterAsync(plan, Failed("carol", 0), Failed("carol", 10), Failed("carol", -180), Failed("carol", 20)));
        var made = Assert.Single(await LocksAfterAsync(plan, Failed("carol", 0), Failed("carol", 10), Failed("carol", 20), Failed("carol", 5)));
        Assert.Equal(Now.AddSeconds(20).AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task A_late_failure_does_not_lock_a_user_whose_failures_lie_in_other_minutes() =>
        Assert.Empty(await LocksAfterAsync(new LockPlan { Enabled = true }, Failed("carol", 0), Failed("carol", 1), Failed("carol", 2), Failed("carol", -480)));

    [Fact]
    public async Task Four_failures_of_a_minute_lock_also_when_a_newer_one_came_before_them()
    {
        var plan = new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(10) };
        var made = Assert.Single(await LocksAfterAsync(plan, Failed("carol", 0), Failed("carol", -300), Failed("carol", -290), Failed("carol", -280), Failed("carol", -270)));
        Assert.Equal(Now.AddSeconds(-270).AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task Failures_of_two_interleaved_chunks_lock_only_when_a_minute_has_too_many()
    {
        var plan = new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(10) };
        (string, string, int)[] Interleaved(int[] one, int[] other) => [.. one.Zip(other).SelectMany(pair => new[] { Failed("carol", pair.First), Failed("carol", pair.Second) })];
        Assert.Empty(await LocksAfterAsync(plan, Interleaved([-300, -290, -280], [0, 10, 20])));
        var made = Assert.Single(await LocksAfterAsync(plan, Interleaved([-300, -290, -280, -270], [-120, 0, 10, 20])));
        Assert.Equal(Now.AddSeconds(-270).AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task A_lock_that_an_earlier_minute_asks_for_late_does_not_end_before_one_of_a_later_minute()
    {
        var plan = new LockPlan { Enabled = true, FailedAttemptsCount = 1, For = TimeSpan.FromMinutes(10) };
        var made = Assert.Single(await LocksAfterAsync(plan, Failed("carol", 0), Failed("carol", 10), Failed("carol", -300), Failed("carol", -290)));
        Assert.Equal(Now.AddSeconds(10).AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task Whoever_fails_in_any_order_is_judged_alike()
    {
        var random = new Random(11);
        var plan = new LockPlan { Enabled = true, For = TimeSpan.FromHours(1) };
        for (var round = 0; round < 200; round++)
        {
            var seconds = Enumerable.Range(0, random.Next(1, 30)).Select(_ => -random.Next(1800)).ToArray();
            var sorted = seconds.Order().ToArray();
            var ends = Enumerable.Range(3, Math.Max(0, sorted.Length - 3)).Where(i => sorted[i] - sorted[i - 3] < 60).Select(i => sorted[i]).ToList();
            var made = await LocksAfterAsync(plan, [.. seconds.Select(second => Failed("carol", second))]);
            var expected = ends.Select(end => Now.AddSeconds(end).AddHours(1)).TakeLast(1);
            Assert.Equal(expected, made.Select(one => one.Spec.Expires.ToDateTimeOffset()));
        }
    }

    [Fact]
    public async Task Who_fails_again_while_his_lock_waits_gets_the_later_end()
    {
        var plan = new LockPlan { Enabled = true, FailedAttemptsCount = 1, For = TimeSpan.FromMinutes(10) };
        var made = Assert.Single(await LocksAfterAsync(plan, Failed("carol", -30), Failed("carol", -20), Failed("carol", -10), Failed("carol", 0)));
        Assert.Equal(Now.AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
    }

    [Fact]
    public async Task A_flood_of_made_up_users_does_not_hide_one_who_fails_now()
    {
        var flood = Enumerable.Range(0, 25_000).Select(i => Failed($"nobody-{i}", 0));
        Assert.Equal("carol", Assert.Single(await LocksAfterAsync(new LockPlan { Enabled = true }, [.. flood, .. Enumerable.Range(1, 4).Select(i => Failed("carol", i))])).Spec.Target.User);
    }

    [Fact]
    public async Task A_lock_that_cannot_be_made_is_tried_again_and_given_up_when_denied()
    {
        var calls = 0;
        var locks = Locks(
            new LockPlan { Enabled = true, FailedAttemptsCount = 0 },
            () => throw (++calls == 1 ? new GrpcException(GrpcStatus.Unavailable, "away") : new GrpcException(GrpcStatus.PermissionDenied, "access denied")));
        Consider(locks, Failed("carol", 0));
        locks.Complete();
        var running = locks.RunAsync(Cancellation, Cancellation);
        var pause = await _time.Waits.ReadAsync(Cancellation);
        Assert.Equal(0, _log.Count(LockNotMade));
        _time.Advance(pause.Length);
        await running;
        Assert.Equal(2, calls);
        Assert.Equal(1, _log.Count(LockNotMade));
    }

    [Fact]
    public async Task A_stop_ends_the_pause_and_each_lock_that_waits_is_tried_once()
    {
        List<string> calls = [];
        var locks = new LoginLocks(
            new LockPlan { Enabled = true, FailedAttemptsCount = 0 },
            (wanted, _) =>
            {
                calls.Add(wanted.Spec.Target.User);
                return wanted.Spec.Target.User == "bob" ? Task.CompletedTask : throw new GrpcException(GrpcStatus.Unavailable, "away");
            },
            _metrics, _time, _log);
        Consider(locks, Failed("carol", 0), Failed("bob", 0), Failed("dave", 0));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = locks.RunAsync(stop.Token, Cancellation);
        await _time.Waits.ReadAsync(Cancellation);
        await stop.CancelAsync();
        locks.Complete();
        await running;
        Assert.Equal(["carol", "carol", "bob", "dave"], calls);
        Assert.Equal(2, _log.Count(LockNotMade));
    }

    [Fact]
    public async Task What_is_cut_off_is_told()
    {
        using var abort = new CancellationTokenSource();
        var locks = Locks(new LockPlan { Enabled = true, FailedAttemptsCount = 0 }, () =>
        {
            abort.Cancel();
            throw new OperationCanceledException(abort.Token);
        });
        Consider(locks, Failed("carol", 0));
        locks.Complete();
        await locks.RunAsync(abort.Token, abort.Token);
        Assert.Contains(_log.Lines, line => line.Id == LockNotMade);
    }

    private LoginLocks Locks(LockPlan plan, Action upsert) =>
        new(plan, (_, _) => { upsert(); return Task.CompletedTask; }, _metrics, _time, _log);

    private static void Consider(LoginLocks locks, params IReadOnlyList<(string User, string Json, int Second)> events)
    {
        using var batch = BatchOf(events);
        locks.Consider(batch);
    }

    private async Task<List<LockV2>> LocksAfterAsync(LockPlan plan, params IReadOnlyList<(string User, string Json, int Second)> events)
    {
        var made = new List<LockV2>();
        var locks = new LoginLocks(
            plan,
            (wanted, _) =>
            {
                made.Add(wanted);
                return Task.CompletedTask;
            },
            _metrics, _time, _log);
        Consider(locks, events);
        locks.Complete();
        await locks.RunAsync(Cancellation, Cancellation);
        return made;
    }

    private static (string User, string Json, int Second) Failed(string user, int second) =>
        (user, $$"""{"event":"user.login","success":false,"user":"{{user}}","error":"bad password"}""", second);

    private static EventBatch BatchOf(params IReadOnlyList<(string User, string Json, int Second)> events)
    {
        var batch = new EventBatch(1024);
        foreach (var (_, json, second) in events)
            Some.Add(batch, "user.login", json, Guid.NewGuid().ToString(), time: Now.UtcDateTime.AddSeconds(second));
        return batch;
    }
}
