using System.Buffers;
using System.Text.Json;
using Gatehouse.Events.Generation;

namespace Gatehouse.Cli.Up;

/// <summary>
/// Life in the made-up cluster while it runs: a few events a second, now and then a recorded session. They go in as an import does,
/// whose files the running auth service takes over.
/// </summary>
internal sealed class Trickle(UpPlan plan, UpDirectory directory, UpFigures figures, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Story = TimeSpan.FromHours(24);
    private static readonly TimeSpan BetweenSessions = TimeSpan.FromSeconds(20);

    private readonly ArrayBufferWriter<byte> _events = new();
    private readonly ArrayBufferWriter<byte> _recordings = new();
    private readonly ArrayBufferWriter<byte> _next = new();
    private DateTime _nextTime;

    public async Task RunAsync(CancellationToken cancellation)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var generator = Begin();
        while (await timer.WaitForNextTickAsync(cancellation))
        {
            var now = time.GetUtcNow().UtcDateTime;
            while (_nextTime <= now)
            {
                _events.Write(_next.WrittenSpan);
                if (!Advance(generator))
                    Advance(generator = Begin());
            }
            if (_events.WrittenCount > 0)
                await HandInAsync(cancellation);
        }
    }

    private EventGenerator Begin()
    {
        var from = time.GetUtcNow().UtcDateTime;
        var generator = new EventGenerator(new GeneratorOptions
        {
            Count = (long)(plan.NewEvents * Story.TotalSeconds),
            // Another one each time: equal seeds would make equal ids.
            Seed = plan.Seed ^ (ulong)from.Ticks,
            From = from,
            To = from + Story,
            // A session has at least five events, and they are not to be all there is.
            Sessions = (int)Math.Min(Story / BetweenSessions, plan.NewEvents * Story.TotalSeconds / 10),
            ClusterName = History.ClusterName,
        });
        Advance(generator);
        return generator;
    }

    private bool Advance(EventGenerator generator)
    {
        _next.ResetWrittenCount();
        if (!generator.TryWriteNext(_next, _recordings))
            return false;
        _nextTime = TimeOf(_next.WrittenSpan);
        return true;
    }

    private async Task HandInAsync(CancellationToken cancellation)
    {
        var (events, recordings) = (directory.PathOf("new-events.ndjson"), directory.PathOf("new-recordings.ndjson"));
        await File.WriteAllBytesAsync(events, _events.WrittenMemory, cancellation);
        await File.WriteAllBytesAsync(recordings, _recordings.WrittenMemory, cancellation);
        // Not cut short by a stop: what is handed in is counted.
        var result = await History.ImportAsync(directory, [events], [recordings], CancellationToken.None);
        figures.Logged(result.Imported);
        _events.ResetWrittenCount();
        _recordings.ResetWrittenCount();
        File.Delete(events);
        File.Delete(recordings);
    }

    private static DateTime TimeOf(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isTime = reader.ValueTextEquals("time"u8);
            reader.Read();
            if (isTime)
                return reader.GetDateTimeOffset().UtcDateTime;
            reader.Skip();
        }
        throw new InvalidDataException("a generated event has no time");
    }
}
