using System.Buffers.Binary;
using System.Globalization;
using System.Reflection;
using System.Text;
using Google.Protobuf;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// What both sides of gRPC over HTTP/2 write. A message travels as one flag byte (1: compressed by <c>grpc-encoding</c>), its length as
/// four bytes big-endian, and its protobuf bytes. The status travels as <c>grpc-status</c> and <c>grpc-message</c> (UTF-8, percent-encoded)
/// in the trailers, or in the only HEADERS frame when there is no message. <c>grpc-timeout</c> is up to eight digits and a unit.
/// </summary>
internal static class GrpcWire
{
    public const string ContentType = "application/grpc";
    public const string AcceptEncoding = "identity,gzip";
    public const int PrefixBytes = 5;

    public static string UserAgent { get; } = "gatehouse/" + ProductVersion();

    public static void WritePrefix(Span<byte> destination, int length)
    {
        destination[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(destination[1..], length);
    }

    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';' or ' ');

    /// <summary>The finest unit that holds the time in eight digits.</summary>
    public static string FormatTimeout(TimeSpan time)
    {
        const long Most = 99_999_999;
        var microseconds = time.Ticks / TimeSpan.TicksPerMicrosecond;
        var (value, unit) = microseconds <= Most ? (Math.Max(microseconds, 1), 'u')
            : microseconds / 1000 <= Most ? (microseconds / 1000, 'm')
            : ((long)Math.Min(time.TotalSeconds, Most), 'S');
        return string.Create(CultureInfo.InvariantCulture, $"{value}{unit}");
    }

    public static bool TryParseTimeout(string text, out TimeSpan time)
    {
        time = default;
        if (text.Length is < 2 or > 9 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            return false;
        long? ticks = text[^1] switch
        {
            'H' => value * TimeSpan.TicksPerHour,
            'M' => value * TimeSpan.TicksPerMinute,
            'S' => value * TimeSpan.TicksPerSecond,
            'm' => value * TimeSpan.TicksPerMillisecond,
            'u' => value * TimeSpan.TicksPerMicrosecond,
            'n' => value / TimeSpan.NanosecondsPerTick,
            _ => null,
        };
        if (ticks is null)
            return false;
        time = TimeSpan.FromTicks(ticks.Value);
        return true;
    }

    public static string EncodeMessage(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var value in Encoding.UTF8.GetBytes(message))
        {
            if (value is >= 0x20 and <= 0x7E and not (byte)'%')
                encoded.Append((char)value);
            else
                encoded.Append('%').Append(value.ToString("X2", CultureInfo.InvariantCulture));
        }
        return encoded.ToString();
    }

    /// <summary>Undoes the percent-encoding; what is no valid escape stays as it is, and bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="value">The header as the HTTP stack gives it: one character a byte.</param>
    public static string DecodeMessage(string value)
    {
        var bytes = Encoding.Latin1.GetBytes(value);
        var length = 0;
        for (var index = 0; index < bytes.Length; index++)
        {
            if (bytes[index] == '%' && index + 2 < bytes.Length && char.IsAsciiHexDigit((char)bytes[index + 1]) && char.IsAsciiHexDigit((char)bytes[index + 2]))
            {
                bytes[length++] = byte.Parse(bytes.AsSpan(index + 1, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
                index += 2;
            }
            else
            {
                bytes[length++] = bytes[index];
            }
        }
        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    /// <summary>An answer as a message; one that is none ends the call as a status does.</summary>
    public static T Parse<T>(MessageParser<T> parser, ReadOnlySpan<byte> bytes)
        where T : IMessage<T>
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new GrpcException(GrpcStatus.Internal, "the answer is not a valid message: " + malformed.Message, malformed);
        }
    }

    private static string ProductVersion()
    {
        var version = typeof(GrpcWire).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";
        var build = version.IndexOf('+', StringComparison.Ordinal);
        return build < 0 ? version : version[..build];
    }
}
