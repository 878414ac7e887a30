using System.Globalization;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;

namespace Gatehouse.Testing;

/// <summary>The days and chunks that a <see cref="ScriptedCluster"/> exports.</summary>
public sealed class ScriptedExport
{
    private readonly Lock _lock = new();
    private readonly Dictionary<DateOnly, Dictionary<string, ScriptedChunk>> _days = [];
    private readonly List<(DateOnly Day, string Chunk)> _ghosts = [];

    /// <summary>A whole chunk, listed from now on.</summary>
    public ScriptedChunk Add(DateOnly day, string chunk, params IEnumerable<EventUnstructured> events)
    {
        var added = new ScriptedChunk();
        added.Add(events);
        added.Seal();
        return Put(day, chunk, added);
    }

    /// <summary>A chunk that is listed while its stream still gets events, which is slow rather than wrong.</summary>
    public ScriptedChunk AddOpen(DateOnly day, string chunk) => Put(day, chunk, new ScriptedChunk());

    /// <summary>A chunk that is listed and not there.</summary>
    public void AddGhost(DateOnly day, string chunk)
    {
        lock (_lock)
            _ghosts.Add((day, chunk));
    }

    internal IReadOnlyList<string> List(DateOnly day)
    {
        lock (_lock)
        {
            var ghosts = _ghosts.Where(ghost => ghost.Day == day).Select(ghost => ghost.Chunk);
            return _days.TryGetValue(day, out var chunks) ? [.. ghosts, .. chunks.Keys] : [.. ghosts];
        }
    }

    internal ScriptedChunk Find(DateOnly day, string chunk)
    {
        lock (_lock)
        {
            return _days.TryGetValue(day, out var chunks) && chunks.TryGetValue(chunk, out var found)
                ? found
                : throw new GrpcException(GrpcStatus.NotFound, $"event export chunk {chunk} not found");
        }
    }

    private ScriptedChunk Put(DateOnly day, string name, ScriptedChunk chunk)
    {
        lock (_lock)
        {
            if (!_days.TryGetValue(day, out var chunks))
                _days[day] = chunks = [];
            chunks.Add(name, chunk);
            _ghosts.Remove((day, name));
        }
        return chunk;
    }
}

/// <summary>One chunk: messages with cursors, and faults at certain places.</summary>
public sealed class ScriptedChunk
{
    private readonly Lock _lock = new();
    private readonly List<byte[]> _messages = [];
    private readonly Dictionary<int, Queue<GrpcException>> _failures = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _sealed;

    public void Add(params IEnumerable<EventUnstructured> events)
    {
        lock (_lock)
        {
            foreach (var added in events)
                _messages.Add(new ExportEventUnstructured { Event = added, Cursor = CursorOf(_messages.Count) }.ToByteArray());
        }
        Wake();
    }

    public void AddMalformed(byte[] message)
    {
        lock (_lock)
            _messages.Add(message);
        Wake();
    }

    /// <summary>The stream may end behind what is there.</summary>
    public void Seal()
    {
        lock (_lock)
            _sealed = true;
        Wake();
    }

    /// <summary>One stream ends in front of the event of this number; the next one passes.</summary>
    public void FailOnceAt(int position, GrpcStatus status = GrpcStatus.Unavailable, string message = "connection reset by peer")
    {
        lock (_lock)
        {
            if (!_failures.TryGetValue(position, out var failures))
                _failures[position] = failures = new();
            failures.Enqueue(new GrpcException(status, message));
        }
    }

    internal static int PositionAfter(string cursor) =>
        cursor.Length == 0 ? 0 : int.Parse(cursor.Split(':')[1], CultureInfo.InvariantCulture) + 1;

    internal (byte[]? Message, Task? More, GrpcException? Failure) Next(int position)
    {
        lock (_lock)
        {
            if (_failures.TryGetValue(position, out var failures) && failures.TryDequeue(out var failure))
                return (null, null, failure);
            if (position < _messages.Count)
                return (_messages[position], null, null);
            return (null, _sealed ? null : _more.Task, null);
        }
    }

    private static string CursorOf(int position) => string.Create(CultureInfo.InvariantCulture, $"a1:{position}");

    private void Wake()
    {
        lock (_lock)
        {
            _more.TrySetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
