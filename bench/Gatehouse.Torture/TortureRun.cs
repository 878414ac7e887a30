using System.Diagnostics;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Gatehouse.Torture.Handlers;
using Gatehouse.Torture.Oracle;
using Gatehouse.Torture.Peers;
using Gatehouse.Torture.Story;

namespace Gatehouse.Torture;

/// <summary>
/// One run of a seed:
/// <list type="number">
/// <item>make the story, start cluster and receiver;</item>
/// <item>for each disturbed life: note what the checkpoint covers, start the handler, misuse it, end it, hold checkpoint against ledger;</item>
/// <item>tamper with the checkpoint now and then;</item>
/// <item>a last life without faults, which ends when it has caught up;</item>
/// <item>close the ledger.</item>
/// </list>
/// </summary>
internal sealed class TortureRun : IAsyncDisposable
{
    /// <summary>More than any event of a recording has.</summary>
    private const int LargestRecorded = 100 * 1024;

    private static readonly TimeSpan LastLifeAtMost = TimeSpan.FromSeconds(180);

    private readonly RunPlan _plan;
    private readonly string _program;
    private readonly Dice _dice;
    private readonly ClusterStory _story;
    private readonly Ledger _ledger;
    private readonly Coverage _coverage;
    private readonly Faults _faults;
    private readonly TestCluster _authorities = new("torture.test");
    private readonly TlsFolder? _receiverTls;
    private readonly StoryCluster _cluster;
    private readonly StoryReceiver _receiver;
    private readonly string _folder;
    private readonly SmallDisk? _disk;
    private readonly List<string> _lives = [];
    private string _stateDirectory = "";
    private long _inFlight;

    private TortureRun(RunPlan plan, string program)
    {
        (_plan, _program) = (plan, program);
        _dice = new Dice(plan.Seed).Fork("run");
        _folder = Directory.CreateTempSubdirectory($"gatehouse-torture-{plan.Seed}-").FullName;
        _story = new ClusterStory(plan, DateTime.UtcNow);
        _ledger = new Ledger(_story);
        _coverage = new Coverage(_story);
        _faults = new Faults(new Dice(plan.Seed).Fork("faults"));
        _receiverTls = plan.ReceiverTls ? new TlsFolder() : null;
        _cluster = new StoryCluster(plan, _story, _faults, _authorities.Server());
        _receiver = new StoryReceiver(plan, _ledger, _faults, _receiverTls?.Server);
        _disk = plan is { SmallDisk: true, Body: Body.Child } ? SmallDisk.Mount(Storage) : null;
    }

    private string Storage => Path.Combine(_folder, "state");

    /// <param name="program">The built handler.</param>
    public static async Task<RunReport> RunAsync(RunPlan plan, string program)
    {
        var started = Stopwatch.GetTimestamp();
        await using var run = new TortureRun(plan, program);
        try
        {
            await run.RunAsync();
        }
        catch (Exception e)
        {
            run._ledger.Violation($"the torture itself failed: {e}");
        }
        var violations = run._ledger.Violations;
        var folder = violations.Count > 0 ? run.Keep() : null;
        return new RunReport(plan, run._ledger.Totals, violations, run._lives, run._faults.Count, run._inFlight, Stopwatch.GetElapsedTime(started), folder);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        await _receiver.DisposeAsync();
        _disk?.Dispose();
        _receiverTls?.Dispose();
        _authorities.Dispose();
        if (_ledger.Violations.Count == 0)
            Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync()
    {
        // 1.
        await _cluster.StartAsync();
        var identity = Path.Combine(_folder, "identity");
        await File.WriteAllTextAsync(identity, _authorities.Identity());
        var address = $"127.0.0.1:{_cluster.Port}";
        _stateDirectory = StateDirectory.PathFor(Storage, address);
        var settings = new HandlerSettings(
            _plan, address, identity, _receiver.Url(Ledger.AuditPath), _receiver.Url(Ledger.SessionPath), _receiverTls?.Ca, Storage, _story.Start);

        for (var life = 0; life < _plan.Lives && _ledger.Violations.Count == 0; life++)
            await DisturbedLifeAsync(settings with { ExitOnLastEvent = _dice.Chance(0.3) }, life);
        if (_ledger.Violations.Count > 0)
            return;
        // 4.
        await LastLifeAsync(settings);
        // 5.
        _ledger.Close();
    }

    private async Task DisturbedLifeAsync(HandlerSettings settings, int life)
    {
        // 2.
        var visible = _cluster.Wave;
        _faults.NextLife(on: true);
        _ledger.BeginLife(Covered());
        var handler = await StartAsync(settings, life, _plan.FailEvery, failAtOpen: _dice.Chance(0.2));
        if (handler is null)
        {
            _lives.Add("did not open its state");
            await EndLifeAsync(1);
            return;
        }
        var lived = new Life(_plan, _dice, _cluster, _receiver, _ledger, _disk);
        await using (handler)
            await lived.LiveAsync(handler, life + 1);
        CheckUnaskedEnd(settings, lived, await handler.Ended, visible);
        await EndLifeAsync(1 + lived.Reloads);
        // 3.
        if (_dice.Chance(0.25) && Tampering.Tamper(_dice, _stateDirectory) is { } deed)
            lived.Deeds.Add(deed);
        _lives.Add(string.Join('+', lived.Deeds));
    }

    /// <summary>
    /// A run that has nothing left but events which the receiver refuses ends with 1 and gives none of them up. The receiver is mended
    /// then, and the next run delivers them.
    /// </summary>
    private async Task LastLifeAsync(HandlerSettings settings)
    {
        if (await LiveToTheEndAsync(settings, _plan.Lives) is 1 && _plan.Poison)
        {
            await EndLifeAsync(1);
            _receiver.TakesAll = true;
            if (await LiveToTheEndAsync(settings, _plan.Lives + 1) is not 0 and var still)
                _ledger.Violation($"the last life ended with status {still}, with a receiver that takes everything");
        }
        await EndLifeAsync(1);
        var (covered, missing) = _coverage.Read(_stateDirectory, _cluster.Wave);
        if (missing > 0)
            _ledger.Violation($"{missing} recordings wait for another try");
        if (Array.IndexOf(covered, false) is >= 0 and var first)
            _ledger.Violation($"the last life left event {first} uncovered");
    }

    /// <returns>The exit status; null when it did not end.</returns>
    private async Task<int?> LiveToTheEndAsync(HandlerSettings settings, int life)
    {
        _faults.NextLife(on: false);
        _cluster.Wave = _plan.Lives;
        _ledger.BeginLife(Covered());
        await using var handler = await StartAsync(settings with { ExitOnLastEvent = true }, life, int.MaxValue, failAtOpen: false);
        try
        {
            var status = handler is null ? -1 : await handler.Ended.WaitAsync(LastLifeAtMost);
            if (status != 0 && !(status == 1 && _plan.Poison))
                _ledger.Violation($"the last life ended with status {status}");
            return status;
        }
        catch (TimeoutException)
        {
            _ledger.Violation($"the last life did not catch up within {LastLifeAtMost.TotalSeconds} s");
            return null;
        }
    }

    private async Task<IHandler?> StartAsync(HandlerSettings settings, int life, int failEvery, bool failAtOpen)
    {
        var log = Path.Combine(_folder, $"handler-{life}.log");
        return _plan.Body == Body.Child
            ? ChildHandler.Start(_program, settings, log, _ledger.Reloaded)
            : await HostedHandler.StartAsync(settings, failEvery, failAtOpen, log);
    }

    private bool[] Covered() => _coverage.Read(_stateDirectory, _cluster.Wave).Covered;

    private async Task EndLifeAsync(int windows)
    {
        await _receiver.WhenQuietAsync();
        var (audit, recordings) = await _ledger.EndLifeAsync(Covered(), _stateDirectory);
        _inFlight = Math.Max(_inFlight, audit);
        if (audit > windows * Exporter.BytesUnderWay)
            _ledger.Violation($"{audit} bytes were in flight at the end of a life, and the handler keeps to {Exporter.BytesUnderWay}");
        // Each worker is a batch ahead of the checkpoint; a batch ends with the event that fills it.
        var most = windows * _plan.Concurrency * 2L * (SessionStreamer.BatchBytes + LargestRecorded);
        if (recordings > most)
            _ledger.Violation($"{recordings} bytes of recordings were in flight at the end of a life, and the handler keeps to {most}");
    }

    private void CheckUnaskedEnd(HandlerSettings settings, Life lived, int status, int visible)
    {
        if (!lived.Deeds.Contains("ended by itself"))
            return;
        if (status != 0)
        {
            if (!lived.HadFullDisk && !(status == 1 && _plan.Poison))
                _ledger.Violation($"a life ended by itself with status {status}");
            return;
        }
        if (!settings.ExitOnLastEvent)
            _ledger.Violation("a life ended by itself, and nobody said that it should");
        var covered = Covered();
        if (_story.Audit.FirstOrDefault(told => told.Wave <= visible && !covered[told.Number]) is { } left)
            _ledger.Violation($"a life ended as if it had caught up, and left event {left.Number} behind");
    }

    /// <summary>State on a mounted disk is copied out before the disk goes.</summary>
    private string Keep()
    {
        if (_disk is not null && Directory.Exists(_stateDirectory))
        {
            var copy = Directory.CreateDirectory(Path.Combine(_folder, "state-copy")).FullName;
            foreach (var file in Directory.GetFiles(_stateDirectory))
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }
        return _folder;
    }
}
