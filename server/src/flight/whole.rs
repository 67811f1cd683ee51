//! Tells rows that have come whole from those whose client has gone.
//!
//! tonic takes a request that its client cancels for one that has ended. But the call is dropped then,
//! so that its end is true only if the call is there to say so.

use arrow_flight::FlightData;
use futures::stream::{self, BoxStream};
use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tonic::Status;

use crate::error::ServerError;

type Asked = oneshot::Sender<()>;

/// The call's end of it.
pub(super) struct Witness(mpsc::Receiver<Asked>);

/// The same messages, of which the end counts only while the witness is [there](Witness::during).
pub(super) fn witnessed(
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> (BoxStream<'static, Result<FlightData, Status>>, Witness) {
    let (ask, asked) = mpsc::channel::<Asked>(1);
    let end = stream::once(async move {
        let (answer, answered) = oneshot::channel();
        let is_whole = ask.send(answer).await.is_ok() && answered.await.is_ok();
        (!is_whole).then(|| Err(Status::cancelled("the client has gone")))
    });
    let end = end.filter_map(std::future::ready);
    (messages.chain(end).boxed(), Witness(asked))
}

impl Witness {
    /// Does the work of the call, and says to whoever asks that the call is there.
    pub(super) async fn during<T>(
        mut self,
        work: impl Future<Output = Result<T, ServerError>>,
    ) -> Result<T, ServerError> {
        let answering = async {
            while let Some(asked) = self.0.recv().await {
                // The transport looks for a cancelled call once the call waits.
                tokio::task::yield_now().await;
                let _ = asked.send(());
            }
            std::future::pending().await
        };
        tokio::select! {
            outcome = work => outcome,
            never = answering => never,
        }
    }
}
