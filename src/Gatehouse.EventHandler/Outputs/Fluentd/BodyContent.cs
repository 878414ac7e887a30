using System.Net;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// A request body that is the batch's own memory, with brackets around it when it is an array. <see cref="Released"/> says when
/// nobody reads that memory any more: over HTTP/2 an answer can overtake the end of its request, and the batch goes back to a pool.
/// </summary>
internal sealed class BodyContent(ReadOnlyMemory<byte> json, bool array) : HttpContent
{
    private static readonly byte[] Open = "["u8.ToArray();
    private static readonly byte[] Close = "]"u8.ToArray();

    private TaskCompletionSource? _sending;

    public int Length => json.Length + (array ? 2 : 0);

    /// <summary>Whether all of it was handed over. Final with <see cref="Released"/>.</summary>
    public bool IsWritten { get; private set; }

    public Task Released => Volatile.Read(ref _sending)?.Task ?? Task.CompletedTask;

    protected override bool TryComputeLength(out long length)
    {
        length = Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var sending = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _sending, sending);
        try
        {
            if (array)
                await stream.WriteAsync(Open, cancellationToken);
            await stream.WriteAsync(json, cancellationToken);
            if (array)
                await stream.WriteAsync(Close, cancellationToken);
            IsWritten = true;
        }
        finally
        {
            sending.SetResult();
        }
    }
}
