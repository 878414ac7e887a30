using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.EventHandler.State;

/// <summary>What <c>state show</c> tells. Reads without the lock, so it may be asked while a handler runs.</summary>
/// <param name="Directory">The state directory.</param>
/// <param name="State">As of the newest durable record.</param>
/// <param name="Sequence">Number of that record; null when only upstream's files are there and no start has taken them over yet.</param>
public sealed record StateReport(string Directory, HandlerState State, ulong? Sequence)
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <exception cref="StateException">There is no state, or none that can be read.</exception>
    public static StateReport Read(string directory, TimeProvider time)
    {
        if (!System.IO.Directory.Exists(directory))
            throw new StateException($"There is no state in {directory}: no handler has run with this storage and address.");
        try
        {
            return ReadNow(directory, time);
        }
        catch (FileNotFoundException)
        {
            // A running handler put a new file in place between our look and our reading.
            return ReadNow(directory, time);
        }
    }

    public string ToText()
    {
        var text = new StringBuilder();
        void Line(string name, FormattableString value) =>
            text.Append(CultureInfo.InvariantCulture, $"{name,-20}{FormattableString.Invariant(value)}\n");

        Line("State directory", $"{Directory}");
        if (Sequence is { } sequence)
            Line("Record", $"{sequence}");
        else
            Line("Record", $"none yet; this is teleport-event-handler's state, taken over at the first start");
        Line("Start time", $"{(State.StartTime is { } start ? Rfc3339.Format(start) : "not set")}");
        Line("Mode", $"{State.Mode.ToString().ToLowerInvariant()}");
        if (State.TakenOver is { } position)
        {
            Line("Looking for", $"event {(position.Id.Length == 0 ? "(none)" : position.Id)}, page key {(position.Cursor.Length == 0 ? "(none)" : position.Cursor)}");
            if (position.WindowTime is { } window)
                Line("  in window from", $"{Rfc3339.Format(window)}");
        }
        if (State.Paged is { Newest: { } newest, Floor: { } floor })
        {
            Line("Newest event", $"{Moment(newest)}");
            Line("Late events since", $"{Moment(floor)}, {State.Paged.Settled.Values.Count(time => time >= floor)} events known");
        }
        if (State.ClosedThrough is { } closed)
            Line("Days done through", $"{closed:yyyy-MM-dd}");
        foreach (var (day, progress) in State.Days)
            Line($"Day {day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}", $"{progress.Completed.Count} chunks done, {progress.Cursors.Count} under way");
        Line("Recordings", $"{State.Sessions.Count} to stream, {State.Missing.Count} missing");
        foreach (var (id, session) in State.Sessions)
            Line("  to stream", $"{id} from index {session.NextIndex}{(session.UploadedAt == DateTime.MinValue ? "" : ", uploaded " + Moment(session.UploadedAt))}");
        foreach (var (id, missing) in State.Missing)
            Line("  missing", $"{id} from index {missing.NextIndex}, {missing.Attempts} tries, next {Moment(missing.NextTry)}");
        return text.ToString();
    }

    /// <summary>The same as one JSON object. Keys of settled events are left out: they mean nothing outside.</summary>
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Indented))
            WriteJson(json);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("directory", Directory);
        if (Sequence is { } sequence)
            json.WriteNumber("record", sequence);
        else
            json.WriteNull("record");
        WriteTime(json, "start_time", State.StartTime is { } start ? Rfc3339.Format(start) : null);
        json.WriteString("mode", State.Mode.ToString().ToLowerInvariant());
        if (State.TakenOver is { } position)
        {
            json.WriteStartObject("looking_for");
            json.WriteString("cursor", position.Cursor);
            json.WriteString("id", position.Id);
            WriteTime(json, "window_time", position.WindowTime is { } window ? Rfc3339.Format(window) : null);
            json.WriteEndObject();
        }
        WriteTime(json, "newest", State.Paged.Newest is { } newest ? Moment(newest) : null);
        WriteTime(json, "floor", State.Paged.Floor is { } floor ? Moment(floor) : null);
        WriteTime(json, "closed_through", State.ClosedThrough?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        WriteDays(json);
        WriteRecordings(json);
        json.WriteEndObject();
    }

    private void WriteDays(Utf8JsonWriter json)
    {
        json.WriteStartObject("days");
        foreach (var (day, progress) in State.Days)
        {
            json.WriteStartObject(day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            json.WriteNumber("completed", progress.Completed.Count);
            json.WriteStartObject("cursors");
            foreach (var (chunk, cursor) in progress.Cursors)
                json.WriteString(chunk, cursor);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void WriteRecordings(Utf8JsonWriter json)
    {
        json.WriteStartObject("sessions");
        foreach (var (id, session) in State.Sessions)
        {
            json.WriteStartObject(id);
            json.WriteNumber("next_index", session.NextIndex);
            WriteTime(json, "uploaded_at", session.UploadedAt == DateTime.MinValue ? null : Moment(session.UploadedAt));
            json.WriteEndObject();
        }
        json.WriteEndObject();
        json.WriteStartObject("missing_recordings");
        foreach (var (id, missing) in State.Missing)
        {
            json.WriteStartObject(id);
            json.WriteNumber("next_index", missing.NextIndex);
            json.WriteNumber("attempts", missing.Attempts);
            WriteTime(json, "uploaded_at", missing.UploadedAt == DateTime.MinValue ? null : Moment(missing.UploadedAt));
            json.WriteString("next_try", Moment(missing.NextTry));
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string name, string? value)
    {
        if (value is null)
            json.WriteNull(name);
        else
            json.WriteString(name, value);
    }

    private static StateReport ReadNow(string directory, TimeProvider time)
    {
        try
        {
            if (StateReader.FindNewest(new DiskFiles(directory), NullLogger.Instance) is { } found)
                return new StateReport(directory, found.Reading.State, found.Reading.Sequence);
            return new StateReport(directory, UpstreamState.Read(directory, time.GetUtcNow().UtcDateTime, NullLogger.Instance), null);
        }
        catch (InvalidDataException e)
        {
            throw new StateException($"The checkpoint in {directory} was written by a newer version of this program: {e.Message}.", e);
        }
        catch (Exception e) when (e is IOException and not FileNotFoundException or UnauthorizedAccessException)
        {
            throw new StateException($"Can not read the state in {directory} : {e.Message}", e);
        }
    }

    private static string Moment(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
}
