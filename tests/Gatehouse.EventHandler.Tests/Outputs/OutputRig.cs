using System.Text;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.Events;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>An output in front of a scripted receiver.</summary>
internal sealed class OutputRig(ScriptedReceiver receiver, Func<FluentdPlan, FluentdPlan>? change = null, TimeProvider? time = null, OutputMetrics? metrics = null) : IAsyncDisposable
{
    private readonly OutputMetrics _metrics = metrics ?? new OutputMetrics();
    private FluentdOutput? _output;

    public ScriptedReceiver Receiver => receiver;

    public FluentdOutput Output => _output ??= new FluentdOutput(Plan(), _metrics, time ?? TimeProvider.System, NullLogger.Instance);

    public static OutputRig With(params ReceiverAnswer[] answers) => new(ScriptedReceiver.Start(answers));

    public static EventBatch Batch(params string[] documents)
    {
        var batch = new EventBatch();
        foreach (var document in documents)
        {
            var bytes = Encoding.UTF8.GetBytes(document);
            var start = batch.BeginDocument();
            bytes.CopyTo(batch.JsonSpan(bytes.Length));
            batch.AdvanceJson(bytes.Length);
            batch.EndDocument(new EventHeader
            {
                JsonStart = start,
                JsonLength = bytes.Length,
                Type = "user.login",
                Time = DateTime.UnixEpoch,
                Index = 0,
                Id = default,
                SessionId = default,
                Cursor = default,
            });
        }
        return batch;
    }

    public Task<Verdict> SendAsync(params string[] documents) => SendAsync(Destination.Audit, documents);

    public async Task<Verdict> SendAsync(Destination destination, params string[] documents)
    {
        using var batch = Batch(documents);
        return await Output.SendAsync(new EventSlice(batch, 0, batch.Count), destination, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _output?.Dispose();
        _metrics.Dispose();
        await receiver.DisposeAsync();
    }

    private FluentdPlan Plan()
    {
        var plan = new FluentdPlan { Url = receiver.Url("/test.log"), SessionUrl = receiver.Url("/session") };
        return change?.Invoke(plan) ?? plan;
    }
}
