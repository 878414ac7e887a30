using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;

namespace Gatehouse.Testing;

/// <summary>The searchable log of a <see cref="ScriptedCluster"/>, with the manners of the real one's file log.</summary>
public sealed class ScriptedLog
{
    private readonly Lock _lock = new();
    private readonly List<(EventUnstructured Event, byte[] Message)> _events = [];

    /// <summary>Events a page at most; the real server's words refuse more.</summary>
    public int LargestLimit { get; set; } = 1000;

    /// <summary>Bytes of events after which a page ends early.</summary>
    public int PageBytes { get; set; } = 1 << 20;

    /// <summary>Pages so far, for faults that come at a certain one.</summary>
    public int Pages { get; private set; }

    /// <summary>Events sorted by time unless this is set: then in the order in which they were added.</summary>
    public bool InLogOrder { get; set; }

    /// <summary>Looks up whole seconds, as some real stores do: the beginning of the range is rounded down.</summary>
    public bool WholeSeconds { get; set; }

    /// <summary>What a page's key is made of: by default the last event's id.</summary>
    public Func<EventUnstructured, string> KeyOf { get; set; } = last => last.Id;

    /// <summary>Keys the server has forgotten: an empty page and OK, as the real one says.</summary>
    public Func<string, bool> HasForgotten { get; set; } = _ => false;

    public void Add(params IEnumerable<EventUnstructured> events)
    {
        lock (_lock)
            _events.AddRange(events.Select(added => (added, added.ToByteArray())));
    }

    /// <summary>An event whose wire bytes are not what they should be; the typed one says where it stands.</summary>
    public void AddMalformed(EventUnstructured place, byte[] message)
    {
        lock (_lock)
            _events.Add((place, message));
    }

    /// <returns>An <see cref="EventsUnstructured"/> in wire bytes.</returns>
    internal byte[] Search(GetUnstructuredEventsRequest request)
    {
        if (request.Limit > LargestLimit)
            throw new GrpcException(GrpcStatus.InvalidArgument, $"limit {request.Limit} exceeds max iteration limit {LargestLimit}");
        if (request.StartDate.ToDateTime() > request.EndDate.ToDateTime())
            throw new GrpcException(GrpcStatus.InvalidArgument, "invalid days");

        var from = request.StartDate.Clone();
        if (WholeSeconds)
            from.Nanos = 0;
        lock (_lock)
        {
            Pages++;
            var found = _events.FindAll(entry =>
                entry.Event.Time.CompareTo(from) >= 0 && entry.Event.Time.CompareTo(request.EndDate) <= 0
                && (request.EventTypes.Count == 0 || request.EventTypes.Contains(entry.Event.Type)));
            if (!InLogOrder)
                found = [.. found.OrderBy(entry => entry.Event.Time)];

            var first = 0;
            if (request.StartKey.Length > 0)
            {
                first = HasForgotten(request.StartKey) ? 0 : found.FindIndex(entry => KeyOf(entry.Event) == request.StartKey) + 1;
                if (first == 0)
                    return [];
            }
            return Page(found, first, request.Limit > 0 ? request.Limit : LargestLimit);
        }
    }

    private byte[] Page(List<(EventUnstructured Event, byte[] Message)> found, int first, int limit)
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        var used = 0;
        var next = first;
        while (next < found.Count && next - first < limit && (next == first || used + found[next].Message.Length <= PageBytes))
        {
            used += found[next].Message.Length;
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(found[next].Message));
            next++;
        }
        if (next - first == limit || next < found.Count)
        {
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteString(KeyOf(found[next - 1].Event));
        }
        output.Flush();
        return bytes.ToArray();
    }
}
