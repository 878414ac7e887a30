using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// Changes as bytes: a tag, then the fields in order. Numbers are little-endian, texts UTF-8 after their length as a varint, days the
/// number since 0001-01-01, times .NET ticks of UTC (an instant with its zone: ticks, then the offset in minutes as int16).
/// A settled event is 24 bytes: the 16 of its key, the 8 of its time.
/// </summary>
/// <remarks>Tags are never given a second meaning; a new kind of change gets a new tag, which an older program refuses by name.</remarks>
internal static class StateChangeCodec
{
    private const int SettledBytes = 24;

    private enum Tag : byte
    {
        Started = 1,
        ModeChosen = 2,
        PageSettled = 3,
        PositionFound = 4,
        PositionTakenOver = 5,
        DayOpened = 6,
        ChunkAdvanced = 7,
        ChunkCompleted = 8,
        DayClosed = 9,
        SessionQueued = 10,
        SessionAdvanced = 11,
        SessionCompleted = 12,
        SessionMissing = 13,
        SessionGivenUp = 14,
    }

    public static void Write(IBufferWriter<byte> to, StateChange change)
    {
        switch (change)
        {
            case StateChange.Started x: Put(to, Tag.Started); Put(to, x.StartTime); break;
            case StateChange.ModeChosen x: Put(to, Tag.ModeChosen); Put(to, (byte)x.Mode); break;
            case StateChange.PageSettled x: Put(to, Tag.PageSettled); Put(to, x.Newest, x.Floor, x.Events); break;
            case StateChange.PositionFound x: Put(to, Tag.PositionFound); Put(to, x.Newest, x.Floor, x.Events); break;
            case StateChange.PositionTakenOver x: Put(to, Tag.PositionTakenOver); Put(to, x.Position); break;
            case StateChange.DayOpened x: Put(to, Tag.DayOpened); Put(to, x.Day); break;
            case StateChange.ChunkAdvanced x: Put(to, Tag.ChunkAdvanced); Put(to, x.Day); Put(to, x.Chunk); Put(to, x.Cursor); break;
            case StateChange.ChunkCompleted x: Put(to, Tag.ChunkCompleted); Put(to, x.Day); Put(to, x.Chunk); break;
            case StateChange.DayClosed x: Put(to, Tag.DayClosed); Put(to, x.Day); break;
            case StateChange.SessionQueued x: Put(to, Tag.SessionQueued); Put(to, x.SessionId); Put(to, x.UploadedAt.Ticks); break;
            case StateChange.SessionAdvanced x: Put(to, Tag.SessionAdvanced); Put(to, x.SessionId); Put(to, x.NextIndex); break;
            case StateChange.SessionCompleted x: Put(to, Tag.SessionCompleted); Put(to, x.SessionId); break;
            case StateChange.SessionMissing x: Put(to, Tag.SessionMissing); Put(to, x); break;
            case StateChange.SessionGivenUp x: Put(to, Tag.SessionGivenUp); Put(to, x.SessionId); break;
            default: throw new ArgumentException($"not a state change: {change}", nameof(change));
        }
    }

    /// <exception cref="InvalidDataException">Not written by <see cref="Write"/> of this version.</exception>
    public static StateChange Read(ref ByteReader from) => (Tag)from.Byte() switch
    {
        Tag.Started => new StateChange.Started(Instant(ref from)),
        Tag.ModeChosen => new StateChange.ModeChosen(Mode(from.Byte())),
        Tag.PageSettled => new StateChange.PageSettled(Time(ref from), Time(ref from), Settled(ref from)),
        Tag.PositionFound => new StateChange.PositionFound(Time(ref from), Time(ref from), Settled(ref from)),
        Tag.PositionTakenOver => new StateChange.PositionTakenOver(
            new UpstreamPosition(from.Text(), from.Text(), from.Byte() == 0 ? null : Instant(ref from))),
        Tag.DayOpened => new StateChange.DayOpened(Day(ref from)),
        Tag.ChunkAdvanced => new StateChange.ChunkAdvanced(Day(ref from), from.Text(), from.Text()),
        Tag.ChunkCompleted => new StateChange.ChunkCompleted(Day(ref from), from.Text()),
        Tag.DayClosed => new StateChange.DayClosed(Day(ref from)),
        Tag.SessionQueued => new StateChange.SessionQueued(from.Text(), Time(ref from)),
        Tag.SessionAdvanced => new StateChange.SessionAdvanced(from.Text(), from.Int64()),
        Tag.SessionCompleted => new StateChange.SessionCompleted(from.Text()),
        Tag.SessionMissing => new StateChange.SessionMissing(from.Text(), from.Int64(), from.Int32(), Time(ref from), Time(ref from)),
        Tag.SessionGivenUp => new StateChange.SessionGivenUp(from.Text()),
        var unknown => throw new InvalidDataException($"change {(byte)unknown} is not known to this version"),
    };

    private static void Put(IBufferWriter<byte> to, Tag tag) => Put(to, (byte)tag);

    private static void Put(IBufferWriter<byte> to, byte value)
    {
        to.GetSpan(1)[0] = value;
        to.Advance(1);
    }

    private static void Put(IBufferWriter<byte> to, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(to.GetSpan(8), value);
        to.Advance(8);
    }

    private static void Put(IBufferWriter<byte> to, int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }

    private static void Put(IBufferWriter<byte> to, DateOnly day) => Put(to, day.DayNumber);

    private static void Put(IBufferWriter<byte> to, DateTimeOffset instant)
    {
        Put(to, instant.UtcTicks);
        BinaryPrimitives.WriteInt16LittleEndian(to.GetSpan(2), (short)instant.TotalOffsetMinutes);
        to.Advance(2);
    }

    private static void Put(IBufferWriter<byte> to, string text)
    {
        var bytes = Encoding.UTF8.GetByteCount(text);
        PutVarint(to, bytes);
        to.Advance(Encoding.UTF8.GetBytes(text, to.GetSpan(bytes)));
    }

    private static void PutVarint(IBufferWriter<byte> to, int value)
    {
        var rest = (uint)value;
        for (; rest >= 0x80; rest >>= 7)
            Put(to, (byte)(rest | 0x80));
        Put(to, (byte)rest);
    }

    private static void Put(IBufferWriter<byte> to, UpstreamPosition position)
    {
        Put(to, position.Cursor);
        Put(to, position.Id);
        Put(to, position.WindowTime is null ? (byte)0 : (byte)1);
        if (position.WindowTime is { } window)
            Put(to, window);
    }

    private static void Put(IBufferWriter<byte> to, StateChange.SessionMissing missing)
    {
        Put(to, missing.SessionId);
        Put(to, missing.NextIndex);
        Put(to, missing.Attempts);
        Put(to, missing.UploadedAt.Ticks);
        Put(to, missing.NextTry.Ticks);
    }

    private static void Put(IBufferWriter<byte> to, DateTime newest, DateTime floor, ImmutableArray<SettledEvent> events)
    {
        Put(to, newest.Ticks);
        Put(to, floor.Ticks);
        PutVarint(to, events.Length);
        var span = to.GetSpan(events.Length * SettledBytes);
        for (var i = 0; i < events.Length; i++)
        {
            var entry = span.Slice(i * SettledBytes, SettledBytes);
            BinaryPrimitives.WriteUInt128LittleEndian(entry, events[i].Key);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], events[i].Time.Ticks);
        }
        to.Advance(events.Length * SettledBytes);
    }

    private static ImmutableArray<SettledEvent> Settled(ref ByteReader from)
    {
        var count = from.Varint();
        if (count > int.MaxValue / SettledBytes)
            throw new InvalidDataException("a length is longer than its record");
        var bytes = from.Bytes(count * SettledBytes);
        var events = new SettledEvent[count];
        for (var i = 0; i < count; i++)
        {
            var entry = bytes.Slice(i * SettledBytes, SettledBytes);
            events[i] = new SettledEvent(
                BinaryPrimitives.ReadUInt128LittleEndian(entry),
                Time(BinaryPrimitives.ReadInt64LittleEndian(entry[16..])));
        }
        return ImmutableArray.Create(events);
    }

    private static DateTime Time(ref ByteReader from) => Time(from.Int64());

    private static DateTime Time(long ticks) => ticks >= 0 && ticks <= DateTime.MaxValue.Ticks
        ? new DateTime(ticks, DateTimeKind.Utc)
        : throw new InvalidDataException("a time is out of range");

    private static DateTimeOffset Instant(ref ByteReader from)
    {
        var time = Time(ref from);
        var offset = TimeSpan.FromMinutes(from.Int16());
        return offset.Duration() <= TimeSpan.FromHours(14) && time.Ticks + offset.Ticks >= 0 && time.Ticks + offset.Ticks <= DateTime.MaxValue.Ticks
            ? new DateTimeOffset(time).ToOffset(offset)
            : throw new InvalidDataException("a time zone is out of range");
    }

    private static DateOnly Day(ref ByteReader from)
    {
        var number = from.Int32();
        return number >= 0 && number <= DateOnly.MaxValue.DayNumber
            ? DateOnly.FromDayNumber(number)
            : throw new InvalidDataException("a day is out of range");
    }

    private static SourceMode Mode(byte value) => Enum.IsDefined((SourceMode)value)
        ? (SourceMode)value
        : throw new InvalidDataException($"mode {value} is not known to this version");
}
