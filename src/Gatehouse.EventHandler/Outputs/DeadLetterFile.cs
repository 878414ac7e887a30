using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gatehouse.Events;
using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>Where what was refused for good is kept: <c>dead-letters.ndjson</c> in the state directory.</summary>
/// <remarks>
/// <para>
/// One JSON object a line, UTF-8, in this key order: <c>time</c> (RFC 3339 UTC, when it was set aside), <c>reason</c>, <c>status</c>
/// (HTTP status; absent when no answer was the reason), <c>destination</c> (<c>audit</c> or <c>session</c>), <c>sid</c> (with
/// <c>session</c>), and one of: <c>event</c>, the refused document byte for byte; <c>message</c>, base64 of a message of the cluster that
/// could not be decoded; <c>recording</c>, an object with <c>next_index</c>, for a recording that was given up.
/// </para>
/// <para>
/// A line is appended with its line feed and fsynced before the event counts as settled, so a line without one at the end was never
/// settled and its event is sent again. The next append starts a new line behind such a rest; readers count it as damaged and go on.
/// Nothing here deletes a line it cannot read.
/// </para>
/// <para>
/// Appends and a replay in another process exclude each other by a lock on <c>dead-letters.lock</c>, held for the moment of one
/// append, or of the rename with which a replay takes the file over (<see cref="DeadLetterReplay"/>).
/// </para>
/// </remarks>
public sealed class DeadLetterFile : IDisposable
{
    public const string FileName = "dead-letters.ndjson";

    private static readonly JsonWriterOptions LineOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _oneAtATime = new(1);

    private DeadLetterFile(string directory, TimeProvider time)
    {
        _directory = directory;
        _time = time;
        Path = System.IO.Path.Combine(directory, FileName);
    }

    public string Path { get; }

    /// <summary>The file itself is made by the first append.</summary>
    /// <exception cref="IOException">What is there cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">What is there cannot be read and written: better said at the start than at the first refused event.</exception>
    public static DeadLetterFile Open(string directory, TimeProvider time)
    {
        var file = new DeadLetterFile(directory, time);
        // Shared with everybody: a replay may be at it.
        if (System.IO.Path.Exists(file.Path))
            PrivateFile.Open(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
        return file;
    }

    /// <summary>The letters in the order they were set aside; damaged lines come as such. A missing file has none.</summary>
    public static IAsyncEnumerable<DeadLetter> ReadAsync(string path, CancellationToken cancellation) => DeadLetterReader.ReadAsync(path, cancellation);

    /// <summary>Sets aside every event of the slice; on return they are on disk.</summary>
    /// <exception cref="IOException">The disk refused; nothing is settled, and what was written of it is not a whole line or will be there twice.</exception>
    public ValueTask AppendAsync(EventSlice slice, Destination destination, string reason, int? status, CancellationToken cancellation)
    {
        var lines = new MemoryStream(slice.Json.Length + 256 * slice.Count);
        for (var i = slice.Start; i < slice.Start + slice.Count; i++)
        {
            var json = slice.Batch.Json(i);
            WriteLine(lines, destination, reason, status, writer =>
            {
                writer.WritePropertyName("event");
                writer.WriteRawValue(json.Span, skipInputValidation: true);
            });
        }
        return AppendAsync(lines, cancellation);
    }

    /// <summary>Sets aside a message of the cluster that is no event we can read.</summary>
    /// <exception cref="IOException">As above.</exception>
    public ValueTask AppendBytesAsync(ReadOnlyMemory<byte> message, Destination destination, string reason, CancellationToken cancellation)
    {
        var line = new MemoryStream();
        WriteLine(line, destination, reason, null, writer => writer.WriteBase64String("message", message.Span));
        return AppendAsync(line, cancellation);
    }

    /// <summary>Notes a recording that was given up.</summary>
    /// <exception cref="IOException">As above.</exception>
    public ValueTask AppendRecordingAsync(string sessionId, long nextIndex, string reason, CancellationToken cancellation)
    {
        var line = new MemoryStream();
        WriteLine(line, Destination.Session(sessionId), reason, null, writer =>
        {
            writer.WriteStartObject("recording");
            writer.WriteNumber("next_index", nextIndex);
            writer.WriteEndObject();
        });
        return AppendAsync(line, cancellation);
    }

    public void Dispose() => _oneAtATime.Dispose();

    private void WriteLine(MemoryStream lines, Destination destination, string reason, int? status, Action<Utf8JsonWriter> content)
    {
        using (var writer = new Utf8JsonWriter(lines, LineOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("time", _time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));
            writer.WriteString("reason", reason);
            if (status is { } code)
                writer.WriteNumber("status", code);
            writer.WriteString("destination", destination.SessionId is null ? "audit" : "session");
            if (destination.SessionId is { } sid)
                writer.WriteString("sid", sid);
            content(writer);
            writer.WriteEndObject();
        }
        lines.WriteByte((byte)'\n');
    }

    private async ValueTask AppendAsync(MemoryStream lines, CancellationToken cancellation)
    {
        await _oneAtATime.WaitAsync(cancellation);
        try
        {
            using var held = await LockAsync(_directory, _time, cancellation);
            await AppendToAsync(Path, lines.GetBuffer().AsMemory(0, (int)lines.Length), cancellation);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Keeps an append and the first and last step of a replay apart, also across processes. Held for milliseconds.</summary>
    /// <exception cref="IOException">Not to be had within 10 s, or the directory cannot be written.</exception>
    internal static async ValueTask<IDisposable> LockAsync(string directory, TimeProvider time, CancellationToken cancellation)
    {
        var path = System.IO.Path.Combine(directory, "dead-letters.lock");
        return await FileLock.TakeAsync(path, TimeSpan.FromMilliseconds(20), TimeSpan.FromSeconds(10), time, cancellation)
            ?? throw new IOException($"{path} is held by another process");
    }

    /// <summary>Appends whole lines and fsyncs. The caller holds the lock.</summary>
    internal static ValueTask AppendToAsync(string path, ReadOnlyMemory<byte> lines, CancellationToken cancellation) =>
        AppendToAsync(path, file => file.WriteAsync(lines, cancellation));

    internal static async ValueTask AppendToAsync(string path, Func<FileStream, ValueTask> write)
    {
        var isNew = !File.Exists(path);
        await using var file = PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (file.Length > 0)
        {
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
                file.Write("\n"u8);
        }
        await write(file);
        file.Flush(flushToDisk: true);
        if (isNew)
            DirectorySync.Flush(System.IO.Path.GetDirectoryName(path)!);
    }
}
