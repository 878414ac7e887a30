using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.Events;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Locks;

/// <summary>
/// Locks users who fail to log in too often (event-handler spec 7). Where it parts from upstream: attempts are counted by user, not by
/// <c>login</c>, which local logins do not carry; the clock is the events' own; and a lock that cannot be made is tried again by
/// itself, never by sending the event once more.
/// </summary>
internal sealed class LoginLocks(LockPlan plan, Func<LockV2, CancellationToken, Task> upsert, TimeProvider time, ILogger log)
{
    private const string UserLogin = "user.login";

    /// <summary>Users watched at once; an attack with made-up names must not fill the memory.</summary>
    private const int MostUsers = 10_000;

    /// <summary>
    /// Failures older than this are history: a handler that reads last year's log must not lock today's users. At least the period
    /// counted over, and as long as a lock would last when it ends by itself.
    /// </summary>
    private readonly TimeSpan _stale = Longest(TimeSpan.FromMinutes(10), plan.Period, plan.For);

    private readonly Dictionary<string, Queue<DateTime>> _failures = [];
    private readonly ConcurrentDictionary<string, bool> _waiting = new();

    private readonly Channel<LockV2> _wanted = Channel.CreateBounded<LockV2>(
        new BoundedChannelOptions(1024) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Looks at the logins of a settled batch. Called by one task, in the order of the log.</summary>
    public void Consider(EventBatch batch)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Type == UserLogin && FailedLogin.Read(batch.Json(i).Span) is { } failed)
                Count(failed, batch[i].Time);
        }
    }

    /// <summary>Makes the wanted locks, one after another.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        await foreach (var wanted in _wanted.Reader.ReadAllAsync(stop).ConfigureAwait(false))
        {
            await MakeAsync(wanted, stop).ConfigureAwait(false);
            _waiting.TryRemove(wanted.Metadata.Name, out _);
        }
    }

    private void Count(FailedLogin failed, DateTime when)
    {
        if (time.GetUtcNow().UtcDateTime - when > _stale)
            return;
        if (!_failures.TryGetValue(failed.User, out var times))
        {
            if (_failures.Count >= MostUsers)
                ForgetQuietUsers(when);
            _failures[failed.User] = times = new Queue<DateTime>();
        }
        while (times.TryPeek(out var oldest) && when - oldest >= plan.Period)
            times.Dequeue();
        times.Enqueue(when);
        // Enough times are kept to tell that the allowance is used up, no more.
        while (times.Count > plan.FailedAttemptsCount + 1)
            times.Dequeue();
        if (times.Count > plan.FailedAttemptsCount)
            Want(failed);
    }

    private void ForgetQuietUsers(DateTime now)
    {
        foreach (var (user, times) in _failures.ToArray())
        {
            if (times.Count == 0 || now - times.Last() >= plan.Period)
                _failures.Remove(user);
        }
        if (_failures.Count >= MostUsers)
            _failures.Remove(_failures.MinBy(entry => entry.Value.Last()).Key);
    }

    private void Want(FailedLogin failed)
    {
        var name = $"event-handler-auto-lock-{failed.User}-{failed.Login}";
        if (!_waiting.TryAdd(name, true))
            return;
        var wanted = new LockV2
        {
            Kind = "lock",
            Version = "v2",
            Metadata = new Metadata { Name = name },
            Spec = new LockSpecV2
            {
                Target = new LockTarget { User = failed.User, Login = failed.Login },
                Message = "User is locked due to too many failed login attempts",
                Expires = plan.For > TimeSpan.Zero ? Timestamp.FromDateTimeOffset(time.GetUtcNow() + plan.For) : null,
            },
        };
        if (_wanted.Writer.TryWrite(wanted))
            return;
        _waiting.TryRemove(name, out _);
        Log.LockNotMade(log, failed.User, "too many locks are waiting to be made");
    }

    /// <summary>A few tries: by the time an outage of minutes is over, the user has failed again or stopped trying.</summary>
    private async Task MakeAsync(LockV2 wanted, CancellationToken stop)
    {
        const int Tries = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await upsert(wanted, stop).ConfigureAwait(false);
                Log.UserLocked(log, wanted.Spec.Target.User, wanted.Spec.Target.Login);
                return;
            }
            catch (GrpcException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (GrpcException e)
            {
                if (attempt == Tries || e.Status is GrpcStatus.PermissionDenied or GrpcStatus.InvalidArgument or GrpcStatus.Unimplemented)
                {
                    Log.LockNotMade(log, wanted.Spec.Target.User, e.Message);
                    return;
                }
                await Task.Delay(TimeSpan.FromSeconds(1 << attempt), time, stop).ConfigureAwait(false);
            }
        }
    }

    private static TimeSpan Longest(params ReadOnlySpan<TimeSpan> spans)
    {
        var longest = TimeSpan.Zero;
        foreach (var span in spans)
            longest = span > longest ? span : longest;
        return longest;
    }

    /// <summary>What counts of a failed <c>user.login</c>; null when the login succeeded or names no user.</summary>
    private sealed record FailedLogin(string User, string Login)
    {
        public static FailedLogin? Read(ReadOnlySpan<byte> json)
        {
            string user = "", login = "";
            var success = false;
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = EventLimits.MaxDepth + 1 });
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.ValueTextEquals("user"u8) ? 1 : reader.ValueTextEquals("login"u8) ? 2 : reader.ValueTextEquals("success"u8) ? 3 : 0;
                reader.Read();
                switch (name, reader.TokenType)
                {
                    case (1, JsonTokenType.String):
                        user = reader.GetString() ?? "";
                        break;
                    case (2, JsonTokenType.String):
                        login = reader.GetString() ?? "";
                        break;
                    case (3, JsonTokenType.True):
                        success = true;
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            return success || user.Length == 0 ? null : new FailedLogin(user, login);
        }
    }
}
