using Gatehouse.Api.Grpc;
using Gatehouse.Events;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// Asks the cluster until it answers. Whatever may pass (a restart, a broken connection, an overloaded server) is waited out for
/// ever; the log hears of it once when it begins and once when it is over, however many calls run into it.
/// </summary>
internal sealed class ClusterContact(TimeProvider time, ILogger logger, Func<double> random)
{
    private readonly Lock _lock = new();
    private volatile string? _problem = "no answer yet";
    private GrpcStatus _trouble = GrpcStatus.Ok;
    private long _since;

    /// <summary>Why the cluster does not answer right now; null when it does.</summary>
    public string? Problem => _problem;

    public Backoff NewBackoff() => new(random);

    public Task WaitAsync(TimeSpan wait, CancellationToken cancellation) => Task.Delay(wait, time, cancellation);

    /// <summary>Makes the call, again and again if need be.</summary>
    /// <param name="answerable">Failures that mean something to the caller and are thrown to it at once.</param>
    /// <exception cref="GrpcException">One that is <paramref name="answerable"/>.</exception>
    /// <exception cref="SourceException">The cluster denies access.</exception>
    public async Task<T> AskAsync<T>(
        Func<CancellationToken, Task<T>> call, Func<GrpcException, bool>? answerable, CancellationToken cancellation)
    {
        var backoff = NewBackoff();
        while (true)
        {
            try
            {
                var answer = await call(cancellation);
                Regained();
                return answer;
            }
            catch (GrpcException failure) when (!cancellation.IsCancellationRequested)
            {
                if (answerable is not null && answerable(failure))
                {
                    Regained();
                    throw;
                }
                ThrowIfDenied(failure);
                Lost(failure.Status, failure.Message);
            }
            catch (Exception failure) when (failure is MalformedEventException or InvalidProtocolBufferException)
            {
                // An answer whose frame is broken tells nothing of what is in it; the next try may well be whole.
                Lost(GrpcStatus.DataLoss, failure.Message);
            }
            catch (GrpcException)
            {
                throw new OperationCanceledException(cancellation);
            }
            await WaitAsync(backoff.Next(), cancellation);
        }
    }

    /// <exception cref="SourceException">The failure is a denial, which waiting does not change; in the server's words.</exception>
    public static void ThrowIfDenied(GrpcException failure)
    {
        if (failure.Status == GrpcStatus.PermissionDenied)
            throw new SourceException(failure.Message, failure);
    }

    /// <summary>A call failed. Said when it is news: the first failure, or one of another kind.</summary>
    public void Lost(GrpcStatus status, string reason)
    {
        _problem = reason;
        lock (_lock)
        {
            if (_trouble == status)
                return;
            if (_trouble == GrpcStatus.Ok)
                _since = time.GetTimestamp();
            _trouble = status;
        }
        if (status == GrpcStatus.Unavailable)
            Log.Reconnecting(logger, reason);
        else
            Log.AskingAgain(logger, status, reason);
    }

    /// <summary>A call was answered.</summary>
    public void Regained()
    {
        _problem = null;
        TimeSpan away;
        lock (_lock)
        {
            if (_trouble == GrpcStatus.Ok)
                return;
            _trouble = GrpcStatus.Ok;
            away = time.GetElapsedTime(_since);
        }
        Log.ConnectedAgain(logger, away.TotalSeconds);
    }
}
