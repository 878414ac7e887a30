using Gatehouse.Api.Credentials;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// Finds a way to Auth from one configured address (teleport-wire 2): direct, through a proxy by TLS routing, or through an L7 load
/// balancer by connection upgrade. Remembers the way that worked.
/// </summary>
/// <remarks>
/// 1. The way that last carried an answer is tried alone. 2. Direct and TLS routing run at once; the first wins. 3. A way that came
/// up but was refused at its first read comes after the others. 4. Met only strangers: when a probe says that ALPN does not
/// pass, the connection upgrade.
/// </remarks>
public sealed class ClusterDialer
{
    private readonly TimeProvider _time;
    private readonly DialSettings _settings;
    private readonly Lock _gate = new();
    private DialWay? _last;
    private DialWay? _confirmed;
    private DialWay? _suspect;

    public ClusterDialer(string address, CredentialSource credentials, TimeProvider time)
        : this(address, credentials, time, new DialSettings())
    {
    }

    internal ClusterDialer(string address, CredentialSource credentials, TimeProvider time, DialSettings settings) =>
        (Address, Credentials, _time, _settings) = (address, credentials, time, settings);

    public string Address { get; }

    public CredentialSource Credentials { get; }

    /// <summary>The way of the last connection in words ("direct", "TLS routing", "connection upgrade"); null before the first.</summary>
    public string? Way
    {
        get
        {
            lock (_gate)
                return _last?.Words();
        }
    }

    /// <summary>Opens a TLS stream to Auth that speaks HTTP/2; suits <see cref="Grpc.GrpcChannelOptions.Connect"/>.</summary>
    /// <remarks>A refusal of TLS 1.3 comes at the stream's first read, as an <see cref="IOException"/> that says why.</remarks>
    /// <exception cref="DialException">No way worked; lists each with its reason.</exception>
    /// <exception cref="CredentialException">There is no credential.</exception>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        if (!ClusterAddress.TryParse(Address, out var address, out var problem))
            throw new DialException(problem, []);
        var current = Credentials.Current;
        using var limit = new CancellationTokenSource(_settings.Total, _time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var failures = new List<DialOutcome>();
        try
        {
            foreach (var round in Rounds())
            {
                if (await RaceAsync(round, address, current, failures, linked.Token) is { } won)
                    return Started(won, current);
            }
            if (await UpgradeAsync(address, current, failures, linked.Token) is { } upgraded)
                return Started(upgraded, current);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            failures.Add(new DialOutcome(DialWay.ConnectionUpgrade, null, $"no time left of {_settings.Total.TotalSeconds:0} s", Met.Nobody));
        }
        throw DialException.Of(Address, [.. failures.Select(failure => new DialAttempt(failure.Way.Words(), failure.Reason))]);
    }

    private List<DialWay[]> Rounds()
    {
        lock (_gate)
        {
            var rounds = new List<DialWay[]>();
            if (_confirmed is { } known)
                rounds.Add([known]);
            DialWay[] parallel = [DialWay.Direct, DialWay.TlsRouting];
            rounds.Add([.. parallel.Where(way => way != _confirmed && way != _suspect)]);
            rounds.Add([.. parallel.Where(way => way != _confirmed && way == _suspect)]);
            return rounds;
        }
    }

    private async Task<DialOutcome?> RaceAsync(
        DialWay[] ways, ClusterAddress address, ClusterCredentials current, List<DialOutcome> failures, CancellationToken cancellation)
    {
        using var race = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = ways.Select(way => new DialRun(way, address, current, _settings, _time).RunAsync(race.Token)).ToList();
        var winners = new List<DialOutcome>();
        DialOutcome? kept = null;
        try
        {
            while (running.Count > 0 && !winners.Exists(winner => winner.Way == DialWay.Direct))
            {
                // Auth itself takes both ways; a moment's grace lets the plain one win there.
                var ended = winners.Count == 0 ? await Task.WhenAny(running) : await FirstOfAsync(running, _settings.Grace, race.Token);
                if (ended is null)
                    break;
                running.Remove(ended);
                var outcome = await ended;
                (outcome.Stream is null ? failures : winners).Add(outcome);
            }
            kept = winners.LastOrDefault();
            return kept;
        }
        finally
        {
            await race.CancelAsync();
            foreach (var loser in running.Concat(winners.Where(winner => winner != kept).Select(Task.FromResult)))
                await DiscardAsync(loser);
        }
    }

    private async Task<Task<DialOutcome>?> FirstOfAsync(List<Task<DialOutcome>> running, TimeSpan wait, CancellationToken cancellation)
    {
        var any = Task.WhenAny(running);
        return await Task.WhenAny(any, Task.Delay(wait, _time, cancellation)) == any ? await any : null;
    }

    /// <summary>Losers stop promptly when cancelled; one that got through nevertheless is closed.</summary>
    private static async Task DiscardAsync(Task<DialOutcome> loser)
    {
        try
        {
            if ((await loser).Stream is { } stream)
                await stream.DisposeAsync();
        }
        catch (OperationCanceledException)
        {
            // It was told to stop.
        }
    }

    private async Task<DialOutcome?> UpgradeAsync(
        ClusterAddress address, ClusterCredentials current, List<DialOutcome> failures, CancellationToken cancellation)
    {
        if (failures.Exists(failure => failure.Way == DialWay.ConnectionUpgrade) || !failures.TrueForAll(failure => failure.Met == Met.Stranger))
            return null;
        var (needed, finding) = await ConnectionUpgrade.ProbeAsync(address, _settings, _time, cancellation);
        if (needed)
            return await RaceAsync([DialWay.ConnectionUpgrade], address, current, failures, cancellation);
        failures.Add(new DialOutcome(DialWay.ConnectionUpgrade, null, finding, Met.Nobody));
        return null;
    }

    private FirstAnswerStream Started(DialOutcome outcome, ClusterCredentials used)
    {
        lock (_gate)
            _last = outcome.Way;
        return new FirstAnswerStream(outcome.Stream!, () => Confirm(outcome.Way), cause => Refused(outcome.Way, used, cause));
    }

    private void Confirm(DialWay way)
    {
        lock (_gate)
        {
            _confirmed = way;
            _suspect = _suspect == way ? null : _suspect;
        }
    }

    private IOException Refused(DialWay way, ClusterCredentials used, Exception? cause)
    {
        lock (_gate)
        {
            _suspect = way;
            _confirmed = _confirmed == way ? null : _confirmed;
        }
        var now = _time.GetUtcNow();
        var reason = (cause is null ? null : TlsText.ExplainRefusal(cause, used, now) ?? TlsText.Explain(cause))
            ?? (used.ExpiryProblem(now) is { } expired
                ? $"the connection was closed before the first answer: {expired}"
                : $"the connection was closed before the first answer{(cause is null ? "" : $": {cause.Message}")}");
        return new IOException($"{way.Words()} to {Address}: {reason}", cause);
    }
}
