using System.Threading.Channels;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.EventHandler.Locks;
using Gatehouse.Events;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Locks;

public class LoginLocksTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private readonly Channel<LockV2> _made = Channel.CreateUnbounded<LockV2>();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_failure_more_than_allowed_locks_the_user()
    {
        var locks = await LocksAfterAsync(new LockPlan { Enabled = true, For = TimeSpan.FromMinutes(10) }, Failed("carol", 0), Failed("carol", 10), Failed("carol", 20), Failed("carol", 30));
        var made = Assert.Single(locks);
        Assert.Equal("event-handler-auto-lock-carol-", made.Metadata.Name);
        Assert.Equal("carol", made.Spec.Target.User);
        Assert.Equal("", made.Spec.Target.Login);
        Assert.Equal("User is locked due to too many failed login attempts", made.Spec.Message);
        Assert.Equal(Now.AddMinutes(10), made.Spec.Expires.ToDateTimeOffset());
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
    public async Task A_lock_that_cannot_be_made_is_tried_again_and_given_up_when_denied()
    {
        var calls = 0;
        var given = new TaskCompletionSource();
        var locks = new LoginLocks(
            new LockPlan { Enabled = true, FailedAttemptsCount = 0 },
            (_, _) =>
            {
                if (++calls == 1)
                    throw new GrpcException(GrpcStatus.Unavailable, "away");
                given.TrySetResult();
                throw new GrpcException(GrpcStatus.PermissionDenied, "access denied");
            },
            _time,
            NullLogger.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = locks.RunAsync(stop.Token);
        using var batch = BatchOf(Failed("carol", 0));
        locks.Consider(batch);
        while (!given.Task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(2, calls);
    }

    private async Task<List<LockV2>> LocksAfterAsync(LockPlan plan, params (string User, string Json, int Second)[] events)
    {
        var locks = new LoginLocks(plan, (wanted, _) => _made.Writer.WriteAsync(wanted, Cancellation).AsTask(), _time, NullLogger.Instance);
        using var batch = BatchOf([.. events, ("sentinel", """{"event":"user.login","success":false,"user":"sentinel"}""", 0)]);
        locks.Consider(batch);
        // A user who is over any allowance ends the list: what comes before him is all there is.
        using var sentinel = BatchOf([.. Enumerable.Range(0, 50).Select(_ => Failed("sentinel", 0))]);
        locks.Consider(sentinel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var running = locks.RunAsync(stop.Token);
        var made = new List<LockV2>();
        await foreach (var wanted in _made.Reader.ReadAllAsync(Cancellation))
        {
            if (wanted.Spec.Target.User == "sentinel")
                break;
            made.Add(wanted);
        }
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
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
