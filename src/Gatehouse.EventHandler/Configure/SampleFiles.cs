using Gatehouse.Hosting.Settings.Toml;

namespace Gatehouse.EventHandler.Configure;

/// <summary>The text files of event-handler 2.7 to 2.10.</summary>
internal static class SampleFiles
{
    /// <summary>Role first, so that <c>tctl create -f</c> finds it when it comes to the user.</summary>
    public const string Role = """
        kind: role
        metadata:
          name: teleport-event-handler
        spec:
          allow:
            rules:
              - resources: ['event', 'session']
                verbs: ['list','read']
        version: v5
        ---
        kind: user
        metadata:
          name: teleport-event-handler
        spec:
          roles: ['teleport-event-handler']
        version: v2

        """;

    /// <summary>Fluentd's side. Certificates are looked for in /keys, where the container mounts them, by their base names.</summary>
    public static string FluentConf(ConfigurePlan plan, KeyPassword password) => $$"""
        <source>
            @type http
            port 8888

            # Fluentd's own default, written out: a request may be this large. The event handler's batch-bytes stays below it.
            body_size_limit 32m

            <transport tls>
                client_cert_auth true
                ca_path "{{FluentText("/keys/" + Path.GetFileName(plan.CaName))}}.crt"
                cert_path "{{FluentText("/keys/" + Path.GetFileName(plan.ServerName))}}.crt"
                private_key_path "{{FluentText("/keys/" + Path.GetFileName(plan.ServerName))}}.key"
                private_key_passphrase "{{FluentText(password.Text)}}"
            </transport>

            # One JSON object or an array of them a request.
            <parse>
              @type json
              json_parser oj

              # The event's own time in UTC with its fractions; the record keeps the field as it came.
              time_type string
              time_format %iso8601
              keep_time_key true
            </parse>
        </source>

        # Replace stdout by your output. A receiver that may be slow or away wants a buffer on disk inside <match>, such as
        #   <buffer>
        #     @type file
        #     path /fluentd/buffer/audit
        #     flush_thread_count 8
        #     flush_interval 1s
        #     chunk_limit_size 10M
        #     queue_limit_length 16
        #     retry_max_interval 30
        #     retry_forever true
        #   </buffer>
        # See https://docs.fluentd.org/configuration/buffer-section.
        <match test.log>
          @type stdout
        </match>

        <match session.*.log>
          @type stdout
        </match>

        """;

    /// <param name="directory">Absolute path of the written certificates.</param>
    public static string Toml(ConfigurePlan plan, string directory) => $"""
        storage = "./storage"
        timeout = "10s"
        batch = 20

        [forward.fluentd]
        ca = {TomlText.Quote(FilePath(directory, plan.CaName, ".crt"))}
        cert = {TomlText.Quote(FilePath(directory, plan.ClientName, ".crt"))}
        key = {TomlText.Quote(FilePath(directory, plan.ClientName, ".key"))}
        url = "https://localhost:8888/test.log"
        # ".<session id>.log" is appended.
        session-url = "https://localhost:8888/session"
        # Events in one request, as a JSON array. Without this line each event is a request of its own.
        batch-size = 500

        [teleport]
        addr = {TomlText.Quote(plan.Addr)}
        identity = "identity"
        refresh.enabled = true

        """;

    /// <summary>Values for the chart teleport-plugin-event-handler.</summary>
    public static string HelmValues(ConfigurePlan plan) => $"""
        eventHandler:
          storagePath: "./storage"
          timeout: "10s"
          batch: 20

        teleport:
          address: {TomlText.Quote(plan.Addr)}
          identitySecretName: teleport-event-handler-identity
          identitySecretPath: identity

        fluentd:
          url: "https://fluentd.fluentd.svc.cluster.local:8888/test.log"
          sessionUrl: "https://fluentd.fluentd.svc.cluster.local:8888/session"
          certificate:
            secretName: "teleport-event-handler-client-tls"
            caPath: "ca.crt"
            certPath: "client.crt"
            keyPath: "client.key"

        persistentVolumeClaim:
          enabled: true

        """;

    /// <summary>A name below the directory, as Go's path.Join has it: a leading slash does not lead away.</summary>
    public static string FilePath(string directory, string name, string ending) =>
        Path.Combine(directory, name.TrimStart('/')) + ending;

    /// <summary>For a double-quoted string of Fluentd, where <c>#{</c> would run Ruby.</summary>
    private static string FluentText(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("#{", "\\#{", StringComparison.Ordinal);
}
