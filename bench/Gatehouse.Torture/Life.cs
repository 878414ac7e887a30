using Gatehouse.Torture.Handlers;
using Gatehouse.Torture.Oracle;
using Gatehouse.Torture.Peers;

namespace Gatehouse.Torture;

/// <summary>
/// One disturbed life: started, misused, ended.
/// <list type="number">
/// <item>wait until it does something (or not);</item>
/// <item>pause it, reload it, restart the cluster, fill its disk;</item>
/// <item>at a moment nobody planned for, kill it or ask it to end.</item>
/// </list>
/// </summary>
internal sealed class Life(
    RunPlan plan, Dice dice, StoryCluster cluster, StoryReceiver receiver, Ledger ledger, SmallDisk? disk)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>What was done, for the report.</summary>
    public List<string> Deeds { get; } = [];

    /// <summary>What the handler may answer for by leaving with a status other than 0.</summary>
    public bool HadFullDisk { get; private set; }

    public int Reloads { get; private set; }

    public async Task LiveAsync(IHandler handler, int wave)
    {
        var (calls, requests) = (cluster.Calls, receiver.Requests);
        // 1.
        var blind = dice.Chance(0.25);
        if (!blind)
        {
            await WaitAsync(handler, Patience, () => cluster.Calls > calls);
            await WaitAsync(handler, dice.Span(0, 0.3), () => false);
        }
        // 2.
        if (!blind)
            await MisuseAsync(handler, requests);
        cluster.Wave = wave;
        // 3.
        var enough = requests + 1 + dice.Below(Math.Max(2, plan.AuditEvents / plan.BatchSize));
        var byTime = blind || dice.Chance(0.3);
        await WaitAsync(handler, dice.Span(0.05, 2), () => !byTime && receiver.Requests >= enough);
        await EndAsync(handler, cluster.Calls > calls);
        disk?.Free();
    }

    private async Task MisuseAsync(IHandler handler, int requests)
    {
        await WaitAsync(handler, dice.Span(0, 0.5), () => receiver.Requests > requests + plan.AuditEvents / plan.BatchSize / 3);
        if (handler is ChildHandler child)
        {
            if (dice.Chance(0.25))
                await PauseAsync(child);
            if (dice.Chance(0.2))
                Reload(child);
        }
        if (dice.Chance(0.2))
            await RestartClusterAsync();
        if (disk is not null && dice.Chance(0.6))
            await FillDiskAsync(handler);
    }

    private async Task PauseAsync(ChildHandler child)
    {
        Deeds.Add("paused");
        child.Pause();
        await Task.Delay(dice.Span(0.05, 0.5));
        child.Resume();
    }

    private void Reload(ChildHandler child)
    {
        if (child.Ended.IsCompleted)
            return;
        Deeds.Add("reloaded");
        Reloads++;
        ledger.Reload();
        child.Reload();
    }

    private async Task RestartClusterAsync()
    {
        Deeds.Add("cluster restarted");
        await cluster.StopAsync();
        await Task.Delay(dice.Span(0.02, 0.4));
        await cluster.StartAsync();
    }

    private async Task FillDiskAsync(IHandler handler)
    {
        Deeds.Add("disk full");
        HadFullDisk = true;
        disk!.Fill();
        await WaitAsync(handler, dice.Span(0.1, 0.8), () => false);
        // Else it stays full to the end of this life.
        if (dice.Chance(0.6))
            disk.Free();
    }

    private async Task EndAsync(IHandler handler, bool hasBegun)
    {
        if (handler.Ended.IsCompleted)
        {
            Deeds.Add("ended by itself");
            return;
        }
        if (!hasBegun || dice.Chance(0.8))
        {
            Deeds.Add("killed");
            receiver.HandlerDies();
            await handler.KillAsync();
            return;
        }
        Deeds.Add("terminated");
        handler.Terminate();
        try
        {
            var status = await handler.Ended.WaitAsync(Patience);
            if (status != 0 && !HadFullDisk)
                ledger.Violation($"told to end, it ended with status {status}");
        }
        catch (TimeoutException)
        {
            ledger.Violation($"told to end, it did not for {Patience.TotalSeconds} s");
            await handler.KillAsync();
        }
    }

    /// <summary>Until the time is up, the condition holds or the handler has ended.</summary>
    private static async Task WaitAsync(IHandler handler, TimeSpan most, Func<bool> condition)
    {
        using var over = new CancellationTokenSource(most);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!handler.Ended.IsCompleted && !over.IsCancellationRequested && !condition())
            await look.WaitForNextTickAsync();
    }
}
