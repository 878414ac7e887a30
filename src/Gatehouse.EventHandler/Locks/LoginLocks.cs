using System.Threading.Channels;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.Events;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Locks;

/// <summary>
/// Locks users who fail to log in too often (event-handler spec 7). Where it parts from upstream: attempts are counted by user, not by
/// <c>login</c>, which local logins do not carry; the clock is the events' own, for the count and for the end of a lock; and a lock that
/// cannot be made is tried again by itself, never by sending the event once more.
/// </summary>
internal sealed class LoginLocks(LockPlan plan, Func<LockV2, CancellationToken, Task> upsert, LockMetrics metrics, TimeProvider time, ILogger log)
{
    private const string UserLogin = "user.login";

    /// <summary>Locks that may wait to be made. One call takes milliseconds; more wait only when the cluster is away.</summary>
    private const int MostWaiting = 1024;

    /// <summary>
    /// A failure this old locks nobody: a handler that reads last year's log must not lock today's users. A lock that ends by itself
    /// would have ended by then; for one that does not, ten minutes, which no log lags behind in peace, or the period counted over.
    /// </summary>
    private readonly TimeSpan _stale = Stale(plan);

    private readonly LoginFailures _failures = new(plan.FailedAttemptsCount, plan.Period, Stale(plan) + plan.Period);

    private readonly Lock _gate = new();

    /// <summary>By name. Who fails again while his lock waits gets the later one.</summary>
    private readonly Dictionary<string, LockV2> _waiting = [];

    /// <summary>Names of what waits, in order; as bounded as <see cref="_waiting"/>.</summary>
    private readonly Channel<string> _names = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Looks at the logins of a settled batch. Called by one task; the logins need not come in the order of the log.</summary>
    public void Consider(EventBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Type == UserLogin && FailedLogin.Read(batch.Json(i).Span) is { } failed)
                Count(failed, batch[i].Time);
        }
    }

    /// <summary>No more batches come: what waits is made, and <see cref="RunAsync"/> ends.</summary>
    public void Complete() => _names.Writer.TryComplete();

    /// <summary>Makes the wanted locks, one after another, until <see cref="Complete"/>.</summary>
    /// <param name="stop">Each is tried once more and not again.</param>
    /// <param name="abort">Nothing is tried any more.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        await foreach (var name in _names.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            LockV2? wanted;
            lock (_gate)
                _waiting.Remove(name, out wanted);
            await MakeAsync(wanted!, stop, abort).ConfigureAwait(false);
        }
    }

    private void Count(FailedLogin failed, DateTime when)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (now - when >= _stale + plan.Period)
            return;
        if (_failures.IsTooMany(failed.User, when, out var last) && now - last < _stale)
            Want(failed, last);
    }

    private void Want(FailedLogin failed, DateTime when)
    {
        var name = $"event-handler-auto-lock-{failed.User}-{failed.Login}";
        var wanted = new LockV2
        {
            Kind = "lock",
            Version = "v2",
            Metadata = new Metadata { Name = name },
            Spec = new LockSpecV2
            {
                Target = new LockTarget { User = failed.User, Login = failed.Login },
                Message = "User is locked due to too many failed login attempts",
                Expires = plan.For > TimeSpan.Zero ? Timestamp.FromDateTime(DateTime.SpecifyKind(when, DateTimeKind.Utc) + plan.For) : null,
            },
        };
        lock (_gate)
        {
            var isNew = !_waiting.ContainsKey(name);
            if (!isNew || _waiting.Count < MostWaiting)
            {
                _waiting[name] = wanted;
                if (isNew)
                    _names.Writer.TryWrite(name);
                return;
            }
        }
        NotMade(wanted, "too many locks are waiting to be made");
    }

    /// <summary>A few tries: by the time an outage of minutes is over, the user has failed again or stopped trying.</summary>
    private async Task MakeAsync(LockV2 wanted, CancellationToken stop, CancellationToken abort)
    {
        const int Tries = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await upsert(wanted, abort).ConfigureAwait(false);
                metrics.Made();
                Log.UserLocked(log, wanted.Spec.Target.User, wanted.Spec.Target.Login);
                return;
            }
            catch (Exception e) when (e is GrpcException or OperationCanceledException && abort.IsCancellationRequested)
            {
                NotMade(wanted, "the handler was stopped");
                return;
            }
            catch (GrpcException e)
            {
                var isFinal = e.Status is GrpcStatus.PermissionDenied or GrpcStatus.InvalidArgument or GrpcStatus.Unimplemented;
                if (isFinal || attempt == Tries || stop.IsCancellationRequested)
                {
                    NotMade(wanted, e.Message);
                    return;
                }
            }
            await Task.Delay(TimeSpan.FromSeconds(1 << attempt), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan Stale(LockPlan plan) =>
        plan.For > TimeSpan.Zero ? plan.For : TimeSpan.FromTicks(Math.Max(TimeSpan.FromMinutes(10).Ticks, plan.Period.Ticks));

    private void NotMade(LockV2 wanted, string why)
    {
        metrics.Failed();
        Log.LockNotMade(log, wanted.Spec.Target.User, why);
    }
}
