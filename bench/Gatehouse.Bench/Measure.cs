using System.Diagnostics;

namespace Gatehouse.Bench;

/// <summary>Runs a piece of work for a while on this thread, in rounds, and keeps the best one.</summary>
internal static class Measure
{
    /// <summary>Result of <see cref="Rounds"/>.</summary>
    /// <param name="PerSecond">Operations a second of CPU time of the process, best of the rounds.</param>
    /// <param name="BytesPerOperation">Bytes this thread allocated, all rounds together.</param>
    public readonly record struct Result(double PerSecond, double BytesPerOperation);

    /// <param name="operations">Operations that one call of <paramref name="work"/> does.</param>
    /// <param name="work">The work, some milliseconds of it.</param>
    /// <remarks>CPU time rather than the clock: others may share the cores, and the figure is about one core.</remarks>
    public static Result Rounds(int operations, Action work)
    {
        WarmUp(work);
        var rates = new List<double>();
        var calls = 0L;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 7; round++)
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var callsInRound = 0;
            for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < 400; callsInRound++)
                work();
            rates.Add(callsInRound * (double)operations / (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            calls += callsInRound;
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        rates.Sort();
        return new Result(rates[^1], allocated / (double)(calls * operations));
    }

    /// <summary>Until the compiler has put its last version in place: at least two seconds, and no longer getting faster.</summary>
    private static void WarmUp(Action work)
    {
        var total = Stopwatch.StartNew();
        var best = double.MaxValue;
        var quietWindows = 0;
        while (total.ElapsedMilliseconds < 2000 || (quietWindows < 4 && total.ElapsedMilliseconds < 20_000))
        {
            var cpu = Environment.CpuUsage.TotalTime;
            var calls = 0;
            for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < 250; calls++)
                work();
            var perCall = (Environment.CpuUsage.TotalTime - cpu).TotalSeconds / calls;
            quietWindows = perCall < best * 0.97 ? 0 : quietWindows + 1;
            best = Math.Min(best, perCall);
        }
    }
}
